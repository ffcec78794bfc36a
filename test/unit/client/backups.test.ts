import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Backups } from '../../../src/client/backups.ts';
import { sealed } from '../../../src/core/checksum.ts';
import { serializeRegistry } from '../../../src/core/registryDocument.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { aRecord } from '../records.ts';

const key = '0123456789abcdef';
const otherKey = 'fedcba9876543210';
const minute = 60_000;

describe('backups of the session list', () => {
  const dirs = useTempDirs();
  let storage: string;
  let clock: Date;
  let backups: Backups;
  beforeEach(async () => {
    storage = await dirs.make('storage');
    clock = new Date('2026-03-07T10:00:00.000Z');
    backups = new Backups({ folder: storage, key, now: () => clock });
  });

  const names = () => readdir(backups.folder).then((found) => found.sort());
  const take = (records: SessionRecord[], reason: 'change' | 'destroy' = 'change') =>
    backups.take(reason, { records, generation: 3, unknownFields: { layout: 2 } });
  /** Takes one that differs from all before, a minute after the last. */
  const takeNext = async (number: number) => {
    clock = new Date(clock.getTime() + minute);
    return take([aRecord({ name: `login-${number}` })]);
  };
  const damage = async (id: string) => {
    const file = path.join(backups.folder, `${id}.json`);
    await writeFile(file, (await readFile(file, 'utf8')).replace('"login', '"lugin'));
  };

  it('are told by when, why and of what they were taken', async () => {
    const id = 'sessions-20260307T100000.000Z-destroy';
    const file = path.join(storage, 'backups', `${id}.json`);
    const records = [aRecord(), aRecord({ ...other, deletedAt: '2026-01-02T00:00:00.000Z' })];
    const taken = await take(records, 'destroy');
    const { size, ...told } = taken ?? {};
    assert.deepEqual(
      [told, size, await backups.list()],
      [
        { id, file, takenAt: '2026-03-07T10:00:00.000Z', reason: 'destroy', generation: 3, count: 1, state: 'sound' },
        Buffer.byteLength(await readFile(file)),
        [taken],
      ],
    );
  });

  it('hold every session as it was, and what a newer version keeps beside them', async () => {
    const records = [aRecord({ metadata: { colour: 'green' } }), aRecord(other)];
    const taken = await take(records);
    assert.deepEqual(await backups.read(String(taken?.id)), {
      key,
      generation: 3,
      savedAt: '2026-03-07T10:00:00.000Z',
      sessions: records,
      unknownFields: { layout: 2 },
    });
  });

  it('are listed with the newest first', async () => {
    for (let number = 1; number <= 3; number++) await takeNext(number);
    assert.deepEqual(
      (await backups.list()).map(({ takenAt }) => takenAt.slice(11, 16)),
      ['10:03', '10:02', '10:01'],
    );
  });

  it('are not taken twice of the same sessions, whatever has become of those by themselves', async () => {
    const first = await take([aRecord(), aRecord(other)]);
    clock = new Date(clock.getTime() + minute);
    const now = aRecord({ status: 'active', ptyPid: 7, lastActivity: '2026-03-07T10:00:30.000Z', revision: 9 });
    const second = await take([aRecord(other), now], 'destroy');
    assert.deepEqual([second, await backups.list()], [first, [first]]);
  });

  it('are taken of the same sessions again once the last one is damaged', async () => {
    const first = await take([aRecord()]);
    await damage(String(first?.id));
    await takeAgain();
    assert.deepEqual(
      (await backups.list()).map(({ state }) => state),
      ['sound', 'damaged'],
    );
    async function takeAgain() {
      clock = new Date(clock.getTime() + minute);
      await take([aRecord()]);
    }
  });

  it('are not taken where the last sound one holds the same sessions, though a later one is damaged', async () => {
    const first = await take([aRecord()]);
    await damage(String((await takeNext(1))?.id));
    assert.deepEqual(await take([aRecord()]), first);
  });

  it('are not taken of nothing', async () => {
    assert.deepEqual([await take([]), await backups.list()], [undefined, []]);
  });

  it('never take the place of another one of the same moment', async () => {
    const taken = await Promise.all(['a', 'b'].map((name) => take([aRecord({ name })])));
    const theirs = await new Backups({ folder: storage, key: otherKey, now: () => clock }).take('change', {
      records: [aRecord({ name: 'c' })],
      generation: 0,
    });
    assert.deepEqual(
      [...taken, theirs].map((backup) => backup?.takenAt.slice(-4)),
      ['000Z', '001Z', '002Z'],
    );
  });

  it('that are of no more use go when one is taken, those of other repositories apart', async () => {
    const theirs = new Backups({ folder: storage, key: otherKey, now: () => clock });
    for (let number = 1; number <= 12; number++) {
      await takeNext(number);
      await theirs.take('change', { records: [aRecord({ name: `theirs-${number}` })], generation: 0 });
    }
    const own = (await backups.list()).map(({ takenAt }) => takenAt.slice(14, 16));
    await takeNext(13);
    assert.deepEqual(
      [own, (await backups.list()).length, (await theirs.list()).length],
      [['12', '11', '10', '09', '08', '07', '06', '05', '04', '03'], 10, 10],
    );
  });

  it('are never removed as they are taken, nor by the next one, though the clock went back', async () => {
    for (let number = 1; number <= 10; number++) await takeNext(number);
    const last = (await backups.list())[0]?.id;
    clock = new Date('2026-03-07T08:00:00.000Z');
    const taken = await take([aRecord({ name: 'destroyed' })], 'destroy');
    clock = new Date('2026-03-07T07:00:00.000Z');
    const next = await take([aRecord({ name: 'changed' })]);
    assert.deepEqual(
      (await backups.list()).slice(0, 3).map(({ id }) => id),
      [next?.id, taken?.id, last],
    );
  });

  it('that were taken by hand are not pushed out by others', async () => {
    clock = new Date(clock.getTime() + minute);
    const byHand = await backups.take('manual', { records: [aRecord({ name: 'by hand' })], generation: 3 });
    for (let number = 1; number <= 12; number++) await takeNext(number);
    const found = await backups.list();
    assert.deepEqual([found.length, found.at(-1)?.id], [11, byHand?.id]);
  });

  it('are taken by hand though the last one holds the same sessions, but only once', async () => {
    await take([aRecord()]);
    const [first, second] = [await takeByHand(), await takeByHand()];
    assert.deepEqual([first?.reason, second], ['manual', first]);
    function takeByHand() {
      return backups.take('manual', { records: [aRecord()], generation: 3 });
    }
  });

  it('of two windows in the same moment are both kept', async () => {
    const windows = [1, 2, 3].map(() => new Backups({ folder: storage, key, now: () => clock }));
    const taken = await Promise.all(
      windows.map((window, number) =>
        window.take('change', { records: [aRecord({ name: `window-${number}` })], generation: 3 }),
      ),
    );
    const held = await Promise.all(taken.map(async (backup) => namesIn(await backups.read(String(backup?.id)))));
    assert.deepEqual([held, await names()], [[['window-0'], ['window-1'], ['window-2']], taken.map(fileName).sort()]);
  });

  it('that are damaged are listed with what is wrong and what is left, and stay', async () => {
    const id = String((await take([aRecord(), aRecord(other)]))?.id);
    await damage(id);
    const [{ state, problem, count } = {}] = await backups.list();
    assert.deepEqual([state, problem, count], ['damaged', 'its checksum is wrong', 1]);
    for (let number = 1; number <= 9; number++) await takeNext(number);
    assert.equal((await backups.list()).at(-1)?.id, id);
  });

  it('that are still needed stay', async () => {
    const first = await takeNext(0);
    for (let number = 1; number <= 9; number++) await takeNext(number);
    await backups.take('restore', { records: [aRecord(other)], generation: 0 }, { spare: String(first?.id) });
    assert.equal((await backups.list()).at(-1)?.id, first?.id);
  });

  it('are rid of what a killed writer has left beside them', async () => {
    await mkdir(backups.folder, { recursive: true });
    const draft = path.join(backups.folder, '.sessions-20260307T090000.000Z-change.json.4194305-1.draft');
    await writeFile(draft, '{');
    await utimes(draft, 0, 0);
    const taken = await take([aRecord()]);
    assert.deepEqual(await names(), [`${taken?.id}.json`]);
  });

  it('leave other files in their folder alone', async () => {
    await mkdir(backups.folder, { recursive: true });
    const strangers = [
      'notes.txt',
      'sessions-20260307T100000.000Z-other.json',
      'sessions-20261399T100000.000Z-change.json',
    ];
    for (const name of strangers) await writeFile(path.join(backups.folder, name), 'x');
    for (let number = 1; number <= 11; number++) await takeNext(number);
    assert.deepEqual(
      [(await backups.list()).length, (await names()).filter((name) => strangers.includes(name))],
      [10, strangers.sort()],
    );
  });

  it('cannot be read by any other name than theirs', async () => {
    await take([aRecord()]);
    await writeFile(path.join(storage, 'sessions.json'), '{"version":"1.0","sessions":[]}');
    for (const id of ['../sessions', 'sessions', '', 'sessions-20260307T100000.001Z-change']) {
      await assert.rejects(backups.read(id), { code: 'BACKUP_NOT_FOUND' });
    }
  });

  it('of another repository cannot be read', async () => {
    const theirs = new Backups({ folder: storage, key: otherKey, now: () => clock });
    const taken = await theirs.take('change', { records: [aRecord()], generation: 0 });
    await assert.rejects(backups.read(String(taken?.id)), { code: 'BACKUP_NOT_FOUND' });
    await damage(String(taken?.id));
    assert.deepEqual(await backups.list(), []);
  });

  it('that are damaged cannot be read', async () => {
    const id = String((await take([aRecord()]))?.id);
    await damage(id);
    await assert.rejects(backups.read(id), {
      code: 'DAMAGED_FILE',
      message: `The backup ${id} is damaged: its checksum is wrong. Nothing was changed.`,
    });
  });

  it('of a newer version are listed as such, and cannot be read', async () => {
    const text = serializeRegistry({ key, generation: 1, savedAt: clock, records: [] });
    const newer = sealed({ ...JSON.parse(text), format: 3, sha256: '' });
    await mkdir(backups.folder, { recursive: true });
    const id = 'sessions-20260307T100000.000Z-change';
    await writeFile(path.join(backups.folder, `${id}.json`), JSON.stringify(newer));
    await assert.rejects(backups.read(id), { code: 'NEWER_FORMAT' });
    assert.deepEqual(
      (await backups.list()).map(({ state }) => state),
      ['newer'],
    );
  });

  it('say so where a file is in the place of their folder', async () => {
    await writeFile(path.join(storage, 'backups'), '');
    await assert.rejects(take([aRecord()]), { code: 'STORAGE_NOT_WRITABLE' });
    await rm(path.join(storage, 'backups'));
    assert.equal((await take([aRecord()]))?.state, 'sound');
  });
});

function namesIn({ sessions }: { sessions: unknown[] }): string[] {
  return sessions.map((session) => (session as SessionRecord).name);
}

function fileName(backup: { id: string } | undefined): string {
  return `${backup?.id}.json`;
}

const other = { id: '00000000-0000-4000-8000-000000000000', name: 'other', branch: '' };
