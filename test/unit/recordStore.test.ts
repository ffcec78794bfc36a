import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RecordStore } from '../../src/client/recordStore.ts';
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
    new RecordStore({ folder, key: ofKey, records: () => records });
  const put = (content: unknown) => writeFile(file(), typeof content === 'string' ? content : JSON.stringify(content));
  const content = async () => JSON.parse(await readFile(file(), 'utf8'));

  it('comes back as it was saved', async () => {
    await store([record]).save();
    assert.deepEqual(await store().load(), { records: [record] });
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
    assert.deepEqual(await store().load(), { records: [record] });
  });

  it('is empty where there is none', async () => {
    assert.deepEqual([await store().load(), await readdir(folder)], [{ records: [] }, []]);
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

  const damages: [what: string, content: unknown, kept: SessionRecord[]][] = [
    ['is cut off', '{"version":"1.0","sess', []],
    ['is empty', '', []],
    ['is another JSON', [1, 2], []],
    ['has a record that makes no sense', { version: '1.0', sessions: [record, { id: 'x' }] }, [record]],
    [
      'has a time of another zone',
      {
        version: '1.0',
        sessions: [
          { ...sample('10000000-0000-4000-8000-000000000002', 'old'), createdAt: '2025-12-31T23:00:00+02:00' },
          record,
        ],
      },
      [record],
    ],
    ['was changed behind our back', { version: '1.0', sha256: '0'.repeat(64), sessions: [record] }, [record]],
    ['is of a version that is not known', { version: '2.0', sessions: [record] }, [record]],
  ];
  for (const [what, damaged, kept] of damages) {
    it(`is put aside where it ${what}, and what can be read of it is used`, async () => {
      await put(damaged);
      const before = await readFile(file(), 'utf8');
      const reader = store(kept);
      const { records, damagedCopy = '' } = await reader.load(moment);
      await reader.save();
      assert.deepEqual(
        { records, name: path.basename(damagedCopy), copy: await readFile(damagedCopy, 'utf8') },
        {
          records: kept,
          name: 'sessions.json.damaged-2026-01-02T03-04-05.678Z',
          copy: before,
        },
      );
    });
  }

  it('is left alone while the window is open on another repository', async () => {
    await store([record]).save();
    const other = sample('20000000-0000-4000-8000-000000000002', 'other');
    const loaded = [await store([], otherKey).load()];
    await store([other], otherKey).save();
    loaded.push(await store().load(), await store([], otherKey).load());
    assert.deepEqual(loaded, [{ records: [] }, { records: [record] }, { records: [other] }]);
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
