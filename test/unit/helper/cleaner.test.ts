import assert from 'node:assert/strict';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { Cleaner } from '../../../src/helper/cleaner.ts';
import { DestroyedSessions } from '../../../src/helper/destroyedSessions.ts';
import { Registry } from '../../../src/helper/registry.ts';
import { SessionFiles } from '../../../src/helper/sessionFiles.ts';
import { creationLockFile } from '../../../src/node/creationLocks.ts';
import { exists } from '../../../src/node/exists.ts';
import { tryLock } from '../../../src/node/lockFile.ts';
import { silentLog } from '../../../src/node/log.ts';
import { repositoryPlaces, sessionPlaces, thisMachine } from '../../../src/node/places.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { aRecord } from '../records.ts';

const key = '0123456789abcdef';
const now = new Date('2026-03-31T10:00:00.000Z');
const day = 24 * 3_600_000;
const everything = ['host.log', 'host.log.1', 'record.json', 'transcript.1.cast', 'transcript.cast'];

describe('what destroyed sessions have left', () => {
  const dirs = useTempDirs();
  let machine: ReturnType<typeof thisMachine>;
  let files: SessionFiles;
  beforeEach(async () => {
    machine = thisMachine({ HOLDFAST_STATE_DIR: await dirs.make() });
    files = new SessionFiles(machine, key, silentLog);
  });

  const cases: [what: string, deletedAt: string | undefined, left: string[] | undefined, isKnown: boolean][] = [
    ['stays for 14 days', '2026-03-17T10:00:00.000Z', everything, true],
    ['is only the tombstone after 14 days', '2026-03-17T09:59:59.000Z', ['record.json'], true],
    ['stays a tombstone for 30 days', '2026-03-01T10:00:00.000Z', ['record.json'], true],
    ['is nothing after 30 days', '2026-03-01T09:59:59.000Z', undefined, false],
    ['stays whole where the clock says that it is yet to come', '2027-01-01T00:00:00.000Z', everything, true],
  ];
  for (const [what, deletedAt, left, isKnown] of cases) {
    it(what, async () => {
      const registry = await clean(recordOf(deletedAt));
      assert.deepEqual([await remains(), registry.list().records.length > 0], [left, isKnown]);
    });
  }

  it('of a session that is not destroyed is not touched, however old', async () => {
    await clean(recordOf(undefined));
    assert.deepEqual(await remains(), everything);
  });

  it('is not touched where the record cannot be read', async () => {
    await clean();
    assert.deepEqual(await remains(), everything);
  });

  it('is not touched while a host of it lives', async () => {
    const attempt = await tryLock(sessionPlaces(machine, key, aRecord().id).hostLock);
    const registry = await clean(recordOf('2020-01-01T00:00:00.000Z'));
    assert.deepEqual([await remains(), registry.list().records.length], [[...everything, 'host.lock'].sort(), 1]);
    assert.ok('lock' in attempt);
  });

  it('does not come back as a tombstone from an old replica', async () => {
    const record = recordOf('2026-03-01T09:59:59.000Z');
    const registry = await clean(record);
    await registry.merge([
      record,
      aRecord({ id: '00000000-0000-4000-8000-000000000000', deletedAt: now.toISOString() }),
    ]);
    assert.deepEqual(
      registry.list().records.map(({ id }) => id),
      ['00000000-0000-4000-8000-000000000000'],
    );
  });

  it('stays whole where only the clock says that it is old', async () => {
    const registry = await clean(recordOf('2026-03-31T09:55:00.000Z'), [now, new Date('2030-01-01T00:00:00.000Z')]);
    assert.deepEqual([await remains(), registry.list().records.length], [everything, 1]);
  });

  it('stays until the helper has seen it on as many days, each counted once', async () => {
    const days = daysBefore(new Date(now.getTime() - day), 13);
    await clean(recordOf('2026-03-01T09:59:59.000Z'), [...days, ...days]);
    const before = await remains();
    await clean(recordOf('2026-03-01T09:59:59.000Z'), [now]);
    assert.deepEqual([before, await remains()], [everything, ['record.json']]);
  });

  it('stays until it is so by what is noted, where that cannot be read', async () => {
    await clean(recordOf('2026-03-01T09:59:59.000Z'), daysBefore(now, 29));
    for (const version of ['destroyed.json', 'destroyed.previous.json']) {
      await writeFile(path.join(repositoryPlaces(machine, key).folder, version), '{');
    }
    const registry = await clean(recordOf('2026-03-01T09:59:59.000Z'), [now]);
    assert.deepEqual([await remains(), registry.list().records.length], [everything, 1]);
  });

  it('is not forgotten for good: an old list that has the session alive gets its tombstone', async () => {
    const deletedAt = '2026-03-01T09:59:59.000Z';
    await clean(aRecord({ deletedAt, revision: 7 }));
    const registry = await clean();
    const merged = await registry.merge([aRecord({ revision: 6 })]);
    assert.deepEqual(
      merged.records.map((record) => [record.revision, record.deletedAt]),
      [[7, deletedAt]],
    );
  });

  it('is no tombstone for a session that was brought back since', async () => {
    await clean(aRecord({ deletedAt: '2026-03-01T09:59:59.000Z', revision: 7 }));
    const registry = await clean();
    const merged = await registry.merge([aRecord({ revision: 8 })]);
    assert.deepEqual(merged.records, [aRecord({ revision: 8 })]);
  });

  const gone = { pid: 1, startTime: '1', bootId: 'before', host: hostname(), nonce: 'n' };
  const locks: [what: string, record: SessionRecord | undefined, setAt: string, owner: object, isLeft: boolean][] = [
    ['goes after a day', undefined, '2026-03-30T09:59:59.000Z', gone, false],
    ['goes after a day for a destroyed session', recordOf(now.toISOString()), '2026-03-30T09:59:59.000Z', gone, false],
    ['stays for a day', undefined, '2026-03-30T10:00:01.000Z', gone, true],
    ['stays with its session', recordOf(undefined), '2020-01-01T00:00:00.000Z', gone, true],
    ['stays while it is held', undefined, '2020-01-01T00:00:00.000Z', { ...gone, host: 'another-machine' }, true],
  ];
  for (const [what, record, setAt, owner, isLeft] of locks) {
    it(`such as the lock of a creation that was cut short ${what}`, async () => {
      const { folder } = repositoryPlaces(machine, key);
      const file = creationLockFile(folder, aRecord().id);
      await mkdir(folder, { recursive: true });
      await writeFile(file, JSON.stringify(owner));
      await utimes(file, new Date(setAt), new Date(setAt));
      await clean(record);
      const names = (await readdir(folder)).filter((name) => name.startsWith('creation'));
      assert.deepEqual(names, isLeft ? [path.basename(file)] : []);
    });
  }

  it('removes the drafts of killed writers wherever records are', async () => {
    const { folder: repositoryFolder } = repositoryPlaces(machine, key);
    const { folder } = sessionPlaces(machine, key, aRecord().id);
    const drafts = [folder, repositoryFolder].map((place) => path.join(place, '.record.json.1-1.draft'));
    await mkdir(folder, { recursive: true });
    const old = new Date(Date.now() - 2 * 24 * 3_600_000);
    for (const draft of drafts) {
      await writeFile(draft, 'half');
      await utimes(draft, old, old);
    }
    await clean(aRecord());
    assert.deepEqual(await Promise.all(drafts.map(exists)), [false, false]);
  });

  /** Cleans up once a day after a session with this record, or one whose record cannot be read. */
  async function clean(record?: SessionRecord, days = daysBefore(now, 30)): Promise<Registry> {
    const { folder } = sessionPlaces(machine, key, aRecord().id);
    await mkdir(folder, { recursive: true });
    for (const name of everything) await writeFile(path.join(folder, name), '');
    const { folder: repositoryFolder } = repositoryPlaces(machine, key);
    const destroyed = await DestroyedSessions.load(repositoryFolder, silentLog);
    const forgotten = (id: string) => destroyed.forgotten(id);
    const records = record ? [record] : [];
    let today = now;
    const registry = new Registry({ records, save: async () => undefined, forgotten, now: () => today });
    const stateFolder = machine.env.HOLDFAST_STATE_DIR as string;
    const links = { inTurn: <T>(_: string, task: () => Promise<T>) => task() };
    const cleaner = new Cleaner({
      registry,
      files,
      destroyed,
      links,
      key: path.basename(repositoryFolder),
      stateFolder,
      repositoryFolder,
      savedFolder: path.join(repositoryFolder, 'saved'),
      log: silentLog,
      now: () => today,
    });
    for (today of days) await cleaner.run();
    return registry;
  }

  /** As many days, the last of them that of `last`. */
  function daysBefore(last: Date, count: number): Date[] {
    return Array.from({ length: count }, (_, number) => new Date(last.getTime() - (count - 1 - number) * day));
  }

  function recordOf(deletedAt: string | undefined): SessionRecord {
    return aRecord(deletedAt === undefined ? {} : { deletedAt });
  }

  function remains(): Promise<string[] | undefined> {
    return readdir(sessionPlaces(machine, key, aRecord().id).folder).then(
      (names) => names.sort(),
      () => undefined,
    );
  }
});
