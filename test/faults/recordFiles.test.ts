import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { serializeRecord } from '../../src/core/recordDocument.ts';
import { revise } from '../../src/core/sessionRecord.ts';
import { Registry } from '../../src/helper/registry.ts';
import { previousVersion } from '../../src/node/durableFile.ts';
import { readRecordFile } from '../../src/node/recordFile.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { aRecord } from '../unit/records.ts';
import { rounds } from './support/extent.ts';
import type { FaultKind } from './support/faults.ts';
import { forEveryFault } from './support/forEveryFault.ts';
import { helperIn, sessionFilesIn } from './support/helperParts.ts';

const login = aRecord();
const shop = aRecord({ id: '10000000-0000-4000-8000-000000000002', name: 'shop', branch: 'shop' });
const { id } = login;

/** Each change, with the sessions that there are before it. */
const changes: [what: string, before: SessionRecord[], change: (registry: Registry) => Promise<unknown>][] = [
  ['is made', [shop], (registry) => registry.create(login, null)],
  ['is renamed', [shop, login], (registry) => registry.update(id, login.revision, { name: 'sign-in' }, 'request')],
  ['is destroyed', [shop, login], (registry) => registry.remove(id, login.revision)],
  [
    'is restored that was destroyed',
    [shop, revise(login, { deletedAt: '2026-02-01T00:00:00.000Z' })],
    (registry) => registry.restore([login]),
  ],
];

describe('the helper’s records, whatever happens while', () => {
  const dirs = useTempDirs();

  for (const [what, before, change] of changes) {
    const trial = {
      dirs,
      arrange: async (folder: string) => {
        for (const record of before) {
          await sessionFilesIn(folder).saveRecord({ ...record, revision: 0, name: `earlier ${record.name}` });
          await sessionFilesIn(folder).saveRecord(record);
        }
      },
      act: async (folder: string) => change((await helperIn(folder)).registry),
    };

    it(`a session ${what}: the next helper knows the old or the new one, whole, and the new one once that has resolved`, async () => {
      const old = byId(before, id);
      const next = await changed(before, change);
      await forEveryFault({
        ...trial,
        withReads: true,
        check: async ({ folder, error }) => {
          const { registry, files } = await helperIn(folder);
          const { records } = registry.list();
          const found = byId(records, id);
          const isNew = error === undefined || isDeepStrictEqual(timeless(found), timeless(next));
          assert.deepEqual(
            [timeless(found), byId(records, shop.id), files.notices],
            [timeless(isNew ? next : old), shop, []],
          );
        },
      });
    });

    it(`a session ${what}: after a failure it is done as if there had been none, or was done`, async () => {
      const next = await changed(before, change);
      await forEveryFault({
        ...trial,
        kinds: failures,
        check: async ({ folder }) => {
          const { registry } = await helperIn(folder);
          const isDone = isDeepStrictEqual(timeless(byId(registry.list().records, id)), timeless(next));
          if (!isDone) await change(registry);
          const { records } = (await helperIn(folder)).registry.list();
          assert.deepEqual(timeless(byId(records, id)), timeless(next));
        },
      });
    });
  }

  /** What the change makes of the session where nothing happens. */
  async function changed(before: SessionRecord[], change: (registry: Registry) => Promise<unknown>) {
    const registry = new Registry({ records: before, save: async () => undefined });
    await change(registry);
    return byId(registry.list().records, id);
  }
});

describe('a session’s record with damage at any place', () => {
  const dirs = useTempDirs();
  const renamed = revise(login, { name: 'sign-in “ü”' });
  const text = Buffer.from(serializeRecord(renamed, ['request']));
  let folder: string;
  let file: string;
  before(async () => {
    folder = await dirs.make('state');
    file = sessionFilesIn(folder).places(id).record;
    await mkdir(path.dirname(file), { recursive: true });
  });

  const cuts = Array.from(text, (_, length) => text.subarray(0, length));
  const flips = Array.from({ length: 8 * text.length }, (_, bit) => flipped(bit));

  for (const [what, damages] of [
    [`cut off at each of ${cuts.length} places`, cuts],
    [`with one of ${flips.length} bits flipped`, flips],
  ] as const) {
    it(`is read as that of its previous version, or as it was written: ${what}`, async () => {
      await writeFile(previousVersion(file), serializeRecord(login));
      for (const [at, damaged] of damages.entries()) {
        await writeFile(file, damaged);
        const reading = await readRecordFile(file, id);
        const record = reading.state === 'missing' ? undefined : reading.record;
        assert.deepEqual(record, reading.state === 'sound' ? renamed : login, `damage ${at} of ${damages.length}`);
      }
    });
  }

  it('is none where there is no previous version either', async () => {
    await rm(previousVersion(file), { force: true });
    for (const [length, damaged] of cuts.entries()) {
      await writeFile(file, damaged);
      const reading = await readRecordFile(file, id);
      const isWhole = reading.state === 'sound';
      const record = reading.state === 'missing' ? 'missing' : reading.record;
      assert.deepEqual(record, isWhole ? renamed : undefined, `cut off at ${length}`);
    }
  });

  const count = rounds(20, 1_000);
  it(`is kept as it was, told of once and replaced by its previous version: ${count} damages`, async () => {
    const damages = [...cuts, ...flips];
    for (let number = 0; number < count; number++) {
      const damaged = damages[Math.floor((number * damages.length) / count)] ?? Buffer.alloc(0);
      const disk = await dirs.make('state');
      const record = await writeRecord(disk, damaged);
      const [first, second] = [sessionFilesIn(disk), sessionFilesIn(disk)];
      const records = [await first.readRecords(), await second.readRecords()];
      const kept = await contentsOf(path.join(path.dirname(record), 'quarantine'));
      assert.deepEqual(
        [records, first.notices.length, second.notices, kept.includes(damaged.toString('latin1'))],
        [[[login], [login]], 1, [], true],
        `damage ${number}`,
      );
    }
  });

  it('is replaced only by its previous version and what is asked for, once a copy of it is kept, whatever happens', async () => {
    const damaged = text.subarray(0, 200);
    await forEveryFault({
      dirs,
      arrange: (disk) => writeRecord(disk, damaged),
      act: async (disk) => (await helperIn(disk)).registry.update(id, login.revision, { name: 'sign-in' }),
      check: async ({ folder: disk, error }) => {
        const record = sessionFilesIn(disk).places(id).record;
        const isReplaced = !(await readFile(record)).equals(damaged);
        const kept = await contentsOf(path.join(path.dirname(record), 'quarantine'));
        const isKept = kept.includes(damaged.toString('latin1'));
        const [found] = (await helperIn(disk)).registry.list().records;
        assert.deepEqual(
          [!isReplaced || isKept, found?.name === 'sign-in' || (error !== undefined && found?.name === login.name)],
          [true, true],
        );
      },
    });
  });

  it('that is gone is read from its previous version', async () => {
    const disk = await dirs.make('state');
    await rm(await writeRecord(disk, text));
    assert.deepEqual(await sessionFilesIn(disk).readRecords(), [login]);
  });

  /** Puts it in the place of a record that has a previous version; returns the file. */
  async function writeRecord(disk: string, content: Buffer): Promise<string> {
    const record = sessionFilesIn(disk).places(id).record;
    await mkdir(path.dirname(record), { recursive: true });
    await writeFile(previousVersion(record), serializeRecord(login));
    await writeFile(record, content);
    return record;
  }

  function flipped(bit: number): Buffer {
    const damaged = Buffer.from(text);
    const at = Math.floor(bit / 8);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (bit % 8));
    return damaged;
  }
});

const failures: readonly FaultKind[] = [
  'ENOSPC',
  'EIO',
  'EPERM',
  'EACCES',
  'the disk is full from here on',
  'only half is written',
];

function byId(records: readonly SessionRecord[], wanted: string): SessionRecord | undefined {
  return records.find((record) => record.id === wanted);
}

/** Without the moment of a change, and the revision, which takes a leap where the former one could not be read. */
function timeless(record: SessionRecord | undefined): object | undefined {
  return record && { ...record, deletedAt: record.deletedAt !== undefined, revision: 0 };
}

async function contentsOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.map((name) => readFile(path.join(folder, name), 'latin1')));
}
