import assert from 'node:assert/strict';
import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findReplicas, findStorages, listStorages, registerStorage } from '../../../src/client/windowStorages.ts';
import { serializeRegistry } from '../../../src/core/registryDocument.ts';
import { type RepositoryPlaces, repositoryPlaces, thisMachine } from '../../../src/node/places.ts';
import { oddFiles } from '../../support/oddFiles.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { itOnUnix } from '../../support/unix.ts';
import { aRecord } from '../records.ts';

const key = '0123456789abcdef';

describe('the storages of other windows', () => {
  const dirs = useTempDirs();
  let places: RepositoryPlaces;
  let storages: string;
  let own: string;
  beforeEach(async () => {
    places = repositoryPlaces(thisMachine({ HOLDFAST_STATE_DIR: await dirs.make('state') }), key);
    storages = await dirs.make('workspaceStorage');
    own = await storage('aaaa');
  });

  const storage = async (name: string): Promise<string> => {
    const folder = path.join(storages, name, 'publisher.holdfast');
    await mkdir(folder, { recursive: true });
    return folder;
  };
  const save = async (folder: string, name: string, file = 'sessions.json', of = key): Promise<string> => {
    const text = serializeRegistry({ key: of, generation: 1, savedAt: new Date(), records: [aRecord({ name })] });
    await writeFile(path.join(folder, file), text);
    return path.join(folder, file);
  };
  const found = async (from: string | undefined = own): Promise<string[]> =>
    (await findReplicas(places, from)).flatMap(({ records }) => records.map(({ name }) => name));

  it('are noted once each, the last seen first', async () => {
    const other = await storage('bbbb');
    await registerStorage(places, own, new Date('2026-01-01'));
    await registerStorage(places, other, new Date('2026-01-02'));
    await registerStorage(places, own, new Date('2026-01-03'));
    assert.deepEqual(await listStorages(places), [
      { folder: own, seenAt: '2026-01-03T00:00:00.000Z' },
      { folder: other, seenAt: '2026-01-02T00:00:00.000Z' },
    ]);
  });

  it('are listed without those that are gone, whose notes stay', async () => {
    const other = await storage('bbbb');
    await registerStorage(places, other);
    await rm(other, { recursive: true });
    const notes = await readdir(path.join(places.folder, 'windows'));
    assert.deepEqual([await listStorages(places), notes.length], [[], 1]);
  });

  it('are told apart by whether they are still there', async () => {
    const other = await storage('bbbb');
    await registerStorage(places, own);
    await registerStorage(places, other);
    await rm(other, { recursive: true });
    const { there, gone } = await findStorages(places);
    assert.deepEqual([there.map(({ folder }) => folder), gone.map(({ folder }) => folder)], [[own], [other]]);
  });

  it('are listed without notes that make no sense', async () => {
    await registerStorage(places, own);
    await writeFile(path.join(places.folder, 'windows', 'x.json'), '{"folder":7}');
    assert.equal((await listStorages(places)).length, 1);
  });

  it('are told apart from notes that say nothing', async () => {
    await registerStorage(places, own);
    const file = path.join(places.folder, 'windows', 'x.json');
    await writeFile(file, 'garbage');
    const { there, unreadable } = await findStorages(places);
    assert.deepEqual([there.length, unreadable], [1, [{ file, problem: 'it is damaged' }]]);
  });

  for (const [what, plant] of oddFiles) {
    itOnUnix(`are found, and nobody waits for it, where ${what} is among the notes`, async () => {
      await registerStorage(places, own);
      const file = path.join(places.folder, 'windows', 'x.json');
      await plant(file);
      const { there, unreadable } = await findStorages(places);
      assert.deepEqual([there.length, unreadable], [1, [{ file, problem: 'it is no regular file' }]]);
    });
  }

  it('are searched for replicas, those with the suffix of a reconnected window first', async () => {
    await save(own, 'own');
    await save(await storage('0000'), 'other');
    await save(await storage('aaaa-1'), 'suffixed');
    assert.deepEqual(await found(), ['suffixed', 'other']);
  });

  it('are searched also from the suffixed storage', async () => {
    await save(await storage('0000'), 'other');
    await save(own, 'own');
    assert.deepEqual(await found(await storage('aaaa-1')), ['own', 'other']);
  });

  it('are searched for what was noted where the window has none of its own', async () => {
    await save(own, 'noted');
    await registerStorage(places, own);
    assert.deepEqual(
      (await findReplicas(places, undefined)).map(({ path: file, savedAt }) => [file, typeof savedAt]),
      [[path.join(own, 'sessions.json'), 'string']],
    );
  });

  it('give their previous versions and what was put aside for this repository', async () => {
    const other = await storage('bbbb');
    await save(other, 'previous', 'sessions.previous.json');
    await save(other, 'aside', `sessions-${key}.json`);
    await save(other, 'no replica', 'settings.json');
    assert.deepEqual(await found(), ['aside', 'previous']);
  });

  it('give nothing of other repositories, of damaged files, and of files that are far too long', async () => {
    await save(await storage('1'), 'foreign', 'sessions.json', 'fedcba9876543210');
    await writeFile(path.join(await storage('2'), 'sessions.json'), '{"version":"1.0","sessions":[');
    const text = JSON.stringify({ version: '1.0', sessions: [aRecord({ name: 'whose' })] });
    await writeFile(path.join(await storage('3'), 'sessions.json'), text);
    await appendFile(await save(await storage('4'), 'long'), Buffer.alloc(64 * 1024 * 1024, ' '));
    await mkdir(path.join(await storage('5'), 'sessions.json'));
    await save(await storage('6'), 'good');
    assert.deepEqual(await found(), ['good']);
  });

  it('are searched up to a limit', async () => {
    const names = Array.from({ length: 510 }, (_, number) => `b${String(number).padStart(3, '0')}`);
    await Promise.all(names.map(storage));
    await save(path.join(storages, 'b010', 'publisher.holdfast'), 'near');
    await save(path.join(storages, 'b505', 'publisher.holdfast'), 'far');
    assert.deepEqual(await found(), ['near']);
  });
});
