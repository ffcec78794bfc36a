import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type DestroyedNotes, noNotes } from '../../../src/core/destroyedNotes.ts';
import { DestroyedSessions } from '../../../src/helper/destroyedSessions.ts';
import { readDestroyedNotes, writeDestroyedNotes } from '../../../src/node/destroyedNotes.ts';
import { silentLog } from '../../../src/node/log.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { itOnUnix } from '../../support/unix.ts';
import { aRecord } from '../records.ts';

const { id } = aRecord();
const deletedAt = '2026-01-02T00:00:00.000Z';
const notes: DestroyedNotes = {
  seen: new Map([[id, ['2026-01-02', '2026-01-03']]]),
  forgotten: new Map([[id, { revision: 7, deletedAt }]]),
};

describe('the notes about destroyed sessions', () => {
  const dirs = useTempDirs();
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await dirs.make();
    file = path.join(folder, 'destroyed.json');
  });

  const load = () => DestroyedSessions.load(folder, silentLog);

  it('are none at first', async () => {
    assert.deepEqual(await readDestroyedNotes(folder), noNotes);
  });

  it('are read as they were written', async () => {
    await writeDestroyedNotes(folder, notes);
    assert.deepEqual(await readDestroyedNotes(folder), notes);
  });

  const damages: [what: string, damage: () => Promise<void>][] = [
    ['are gone', () => rm(file)],
    ['are cut off', async () => writeFile(file, (await readFile(file, 'utf8')).slice(0, -9))],
    ['were changed', async () => writeFile(file, (await readFile(file, 'utf8')).replace('"format": 1', '"format": 0'))],
  ];
  for (const [what, damage] of damages) {
    it(`are those of before where they ${what}, also after the next write`, async () => {
      await writeDestroyedNotes(folder, notes);
      await writeDestroyedNotes(folder, {
        ...notes,
        seen: new Map([[id, ['2026-01-02', '2026-01-03', '2026-01-04']]]),
      });
      await damage();
      const before = await readDestroyedNotes(folder);
      await writeDestroyedNotes(folder, noNotes);
      await damage();
      assert.deepEqual([before, await readDestroyedNotes(folder)], [notes, notes]);
    });
  }

  for (const [what, put] of [
    ['cut off', (target: string) => writeFile(target, '{"form')],
    ['a folder', (target: string) => mkdir(target)],
    ['a link to another file', (target: string) => symlink('elsewhere.txt', target)],
  ] as const) {
    itOnUnix(`are recovered by the next helper where they are ${what}, which tells of it once`, async () => {
      await writeFile(path.join(folder, 'elsewhere.txt'), 'precious');
      for (let write = 0; write < 2; write++) await writeDestroyedNotes(folder, notes);
      await rm(file);
      await put(file);
      const [first, second] = [await load(), await load()];
      assert.deepEqual(
        [first.forgotten(id)?.revision, first.problem, second.problem, await readDestroyedNotes(folder)],
        [7, 'The notes about destroyed sessions were damaged: their previous version is used.', undefined, notes],
      );
      assert.deepEqual(
        [
          await readFile(path.join(folder, 'elsewhere.txt'), 'utf8'),
          (await readdir(path.join(folder, 'quarantine'))).length,
        ],
        ['precious', 2],
      );
    });
  }

  it('that are lost for good are told of, for destroyed sessions may come back', async () => {
    await writeFile(file, '');
    assert.match((await load()).problem ?? '', /without a previous version: an old list may show sessions again/);
  });

  it('of a newer version stay as they are, and nothing is concluded from them', async () => {
    await writeDestroyedNotes(folder, notes);
    const text = await readFile(file, 'utf8');
    const { sha256: _, ...fields } = JSON.parse(text);
    const newer = { ...fields, format: 2 };
    const sha256 = createHash('sha256').update(JSON.stringify(newer)).digest('hex');
    await writeFile(file, JSON.stringify({ ...newer, sha256 }));
    await assert.rejects(readDestroyedNotes(folder), { code: 'NEWER_FORMAT' });
    const left = await readFile(file, 'utf8');
    const destroyed = await DestroyedSessions.load(folder, silentLog);
    await destroyed.see([id], new Date());
    await destroyed.forget(aRecord({ deletedAt }));
    assert.deepEqual(
      [destroyed.daysSeen(id), destroyed.forgotten(id), await readFile(file, 'utf8')],
      [0, undefined, left],
    );
  });
});
