import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RecordStore } from '../../src/client/recordStore.ts';
import { mergeRecords } from '../../src/core/mergeRecords.ts';
import { newRecord } from '../../src/core/sessionRecord.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { useTempDirs } from '../support/tempDirs.ts';

const key = '0123456789abcdef';
const otherKey = 'fedcba9876543210';
const moment = new Date('2026-01-02T03:04:05.678Z');
const record = sample('10000000-0000-4000-8000-000000000001', 'login');

describe('the saved session list', () => {
  const dirs = useTempDirs();
  let folder: string;
  beforeEach(async () => {
    folder = await dirs.make('storage');
  });

  const file = () => path.join(folder, 'sessions.json');
  const store = (records: SessionRecord[] = [], ofKey = key) =>
    new RecordStore({ folder, key: ofKey, root: '/repo', records: () => records });
  const put = (content: unknown) => writeFile(file(), typeof content === 'string' ? content : JSON.stringify(content));
  const content = async () => JSON.parse(await readFile(file(), 'utf8'));

  it('comes back as it was saved', async () => {
    await store([record]).save();
    assert.deepEqual(await store().load(), { records: [record], isIncomplete: false });
  });

  it('is a text that a reader who knows nothing of the envelope understands', async () => {
    await store([record]).save();
    const { version, sessions } = await content();
    assert.deepEqual(
      { version, sessions, isPretty: (await readFile(file(), 'utf8')).includes('\n  "sessions": [') },
      {
        version: '1.0',
        sessions: [record],
        isPretty: true,
      },
    );
  });

  it('is read without the envelope, too', async () => {
    await put({ version: '1.0', sessions: [record] });
    assert.deepEqual(await store().load(), { records: [record], isIncomplete: false });
  });

  it('is empty where there is none', async () => {
    assert.deepEqual([await store().load(), await readdir(folder)], [{ records: [], isIncomplete: true }, []]);
  });

  it('keeps fields of a newer version, beside the sessions and in them', async () => {
    const newer = { ...record, colour: 'green' };
    await put({ version: '1.3', layout: { columns: 2 }, sessions: [newer] });
    const reader = store([newer]);
    await reader.load();
    await reader.save();
    const { layout, sessions } = await content();
    assert.deepEqual({ layout, sessions }, { layout: { columns: 2 }, sessions: [newer] });
  });

  const damages: [what: string, content: unknown, kept: SessionRecord[], notice: RegExp][] = [
    ['is cut off', '{"version":"1.0","sess', [], /damaged \(it is not whole JSON\): 0 sessions recovered/],
    ['is empty', '', [], /damaged \(it is empty\)/],
    ['is another JSON', [1, 2], [], /its field “version” makes no sense/],
    [
      'has a record that makes no sense',
      { version: '1.0', sessions: [record, { id: 'x' }] },
      [record],
      /damaged entries, which were repaired, 1 session could not be read, and the damaged file is kept/,
    ],
    [
      'has a time of another zone',
      { version: '1.0', sessions: [{ ...record, createdAt: '2026-01-02T05:04:05.678+02:00' }] },
      [record],
      /“login” was repaired: createdAt was set to 2026-01-02T03:04:05.678Z/,
    ],
    [
      'was changed behind our back',
      { version: '1.0', sha256: '0'.repeat(64), sessions: [record] },
      [record],
      /its checksum is wrong\): 1 session recovered from what could be read of it/,
    ],
  ];
  for (const [what, damaged, kept, told] of damages) {
    it(`is kept where it ${what}, what can be read of it is used, and the user is told once`, async () => {
      await put(damaged);
      const before = await readFile(file(), 'utf8');
      const { records, notice = '', quarantined = '' } = await store(kept).load(moment);
      assert.match(notice, told);
      assert.deepEqual(
        { records, name: path.relative(folder, quarantined), copy: await readFile(quarantined, 'utf8') },
        {
          records: kept,
          name: path.join('quarantine', '2026-01-02T03-04-05.678Z-sessions.json'),
          copy: before,
        },
      );
      assert.deepEqual(await store().load(), { records: kept, isIncomplete: false });
    });
  }

  it('is read from its previous version where it is gone', async () => {
    const writer = store([record]);
    await writer.save();
    await writer.save();
    await rm(file());
    const { records, notice = '' } = await store().load();
    assert.deepEqual(records, [record]);
    assert.match(notice, /damaged \(it is gone\): 1 session recovered from its previous version/);
  });

  it('is put together from its sound sessions and the previous version', async () => {
    const other = sample('20000000-0000-4000-8000-000000000002', 'other');
    await store([record, other]).save();
    const changed = { ...record, name: 'renamed', revision: 5 };
    await store([changed, other]).save();
    await put((await readFile(file(), 'utf8')).replace('"name": "other"', '"name": "othes"'));
    const { records } = await store().load();
    assert.deepEqual(records, [changed, other]);
  });

  it('is read from the newest backup where nothing else is left', async () => {
    const writer = store([record]);
    await writer.save();
    await writer.backups.take('manual', writer.content);
    await rm(file());
    const { records, notice = '' } = await store().load();
    assert.deepEqual(records, [record]);
    assert.match(notice, /recovered from the backup of 20/);
  });

  for (const generation of ['9007199254740991', '9007199254740992', '1e300']) {
    it(`whose generation is ${generation} is saved and read again, over and over`, async () => {
      await put(`{"version":"1.0","generation":${generation},"sessions":[${JSON.stringify(record)}]}`);
      const notices: (string | undefined)[] = [];
      for (let opening = 0; opening < 3; opening++) {
        const opened = store([record]);
        notices.push((await opened.load()).notice);
        await opened.save();
      }
      assert.deepEqual(notices, [undefined, undefined, undefined]);
    });
  }

  it('of a newer version is shown, and neither changed nor overwritten', async () => {
    await put({ version: '2.0', sessions: [record], future: true });
    const before = await readFile(file(), 'utf8');
    const reader = store([]);
    const { records, notice = '' } = await reader.load();
    await assert.rejects(reader.save(), { code: 'NEWER_FORMAT' });
    assert.deepEqual([records, await readFile(file(), 'utf8')], [[record], before]);
    assert.match(notice, /written by a newer version of Holdfast \(2\.0, format 1\)/);
  });

  it('as the first builds wrote it is written anew, and stays as the previous version', async () => {
    await put({ version: '1.0', sessions: [record] });
    const before = await readFile(file(), 'utf8');
    const writer = store([record]);
    const { notice } = await writer.load();
    const { format, generation } = await content();
    assert.deepEqual(
      [notice, format, generation, await readFile(path.join(folder, 'sessions.previous.json'), 'utf8')],
      [undefined, 2, 1, before],
    );
  });

  it('takes in what another window has saved meanwhile in the same folder', async () => {
    const other = sample('20000000-0000-4000-8000-000000000002', 'other');
    let known = [record];
    const first = new RecordStore({
      folder,
      key,
      root: '/repo',
      records: () => known,
      merge: (records) => {
        known = [...mergeRecords(known, records).values()];
      },
    });
    await first.save();
    await store([record, other]).save();
    await first.save();
    const { sessions, generation } = await content();
    assert.deepEqual([sessions, generation], [[record, other], 3]);
  });

  for (const [what, damage, told] of [
    [
      'a session in it is found damaged',
      (text: string) => JSON.stringify({ version: '1.0', sessions: [...JSON.parse(text).sessions, { id: 'x' }] }),
      /^The session list had damaged entries, which were repaired, 1 session could not be read, and the damaged file is kept/,
    ],
    [
      'it is found cut off',
      (text: string) => text.slice(0, 300),
      /^The session list of this window was damaged \(it is not whole JSON\): 1 session recovered from what this window knew and its previous version, and the damaged file is kept\.$/,
    ],
  ] as const) {
    it(`is kept where ${what} when it is saved, after a backup, and that is told once`, async () => {
      const notices: string[] = [];
      const onRecovery = ({ notice = '' }) => notices.push(notice);
      const writer = new RecordStore({ folder, key, root: '/repo', records: () => [record], onRecovery });
      for (let save = 0; save < 2; save++) await writer.save();
      const damaged = damage(await readFile(file(), 'utf8'));
      await put(damaged);
      for (let save = 0; save < 2; save++) await writer.save();
      const [kept = ''] = await readdir(path.join(folder, 'quarantine'));
      assert.deepEqual(
        [
          await readFile(path.join(folder, 'quarantine', kept), 'utf8'),
          (await writer.backups.list()).map(({ reason, count }) => [reason, count]),
          notices.length,
        ],
        [damaged, [['repair', 1]], 1],
      );
      assert.match(notices[0] ?? '', told);
    });
  }

  for (const copy of ['its previous version', 'the newest backup']) {
    it(`is read together with ${copy} where that is newer, for an older list was put back`, async () => {
      const other = sample('20000000-0000-4000-8000-000000000002', 'other');
      const records = [record];
      const writer = store(records);
      await writer.save();
      const older = await readFile(file(), 'utf8');
      records.push(other);
      for (let save = 0; save < 2; save++) await writer.save();
      if (copy === 'the newest backup') {
        await writer.backups.take('change', writer.content);
        await rm(path.join(folder, 'sessions.previous.json'));
      }
      await put(older);
      const { records: found, notice = '', quarantined = '' } = await store().load();
      assert.deepEqual([found, await readFile(quarantined, 'utf8')], [[record, other], older]);
      assert.match(
        notice,
        new RegExp(`\\(it is older than ${copy}\\): 2 sessions recovered from it and ${copy}, and the damaged`),
      );
      assert.equal((await store([record, other]).load()).notice, undefined);
    });
  }

  it('is written anew where its whole folder was deleted meanwhile', async () => {
    const writer = store([record]);
    await writer.save();
    await rm(folder, { recursive: true });
    await writer.save();
    assert.deepEqual(await store().load(), { records: [record], isIncomplete: false });
  });

  it('is shown from a folder in which nothing can be written', async () => {
    await store([record]).save();
    // A folder in the place of the lock stands for a disk that is read-only, which a test cannot mount.
    await mkdir(path.join(folder, 'storage.lock'));
    const { records, notice = '' } = await store().load();
    assert.deepEqual(records, [record]);
    assert.match(notice, /cannot be saved/);
  });

  it('is left alone while the window is open on another repository', async () => {
    await store([record]).save();
    const other = sample('20000000-0000-4000-8000-000000000002', 'other');
    const loaded = [await store([], otherKey).load()];
    await store([other], otherKey).save();
    loaded.push(await store().load(), await store([], otherKey).load());
    assert.deepEqual(loaded, [
      { records: [], isIncomplete: true },
      { records: [record], isIncomplete: false },
      { records: [other], isIncomplete: false },
    ]);
  });

  it('is left alone while the window is open on another repository, also where it is damaged', async () => {
    for (let save = 0; save < 2; save++) await store([record]).save();
    await put('{"version":"1.0","sess');
    const other = await store([], otherKey).load();
    await store([sample('20000000-0000-4000-8000-000000000002', 'other')], otherKey).save();
    const { records, notice = '' } = await store([record]).load();
    assert.deepEqual([other, records], [{ records: [], isIncomplete: true }, [record]]);
    assert.match(notice, /recovered from its previous version/);
  });

  it('holds the last of many changes that were made while it was being saved', async () => {
    const records = [record];
    const writer = store(records);
    const saves = [writer.save()];
    for (let number = 2; number <= 20; number++) {
      records.push(sample(`10000000-0000-4000-8000-0000000000${String(number).padStart(2, '0')}`, `name ${number}`));
      saves.push(writer.save());
    }
    await Promise.all(saves);
    assert.equal((await store().load()).records.length, 20);
  });
});

function sample(id: string, name: string): SessionRecord {
  return newRecord({
    id,
    name,
    branch: `feature/${name}`,
    baseBranch: 'main',
    worktreePath: '/x',
    command: null,
    now: moment,
  });
}
