import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RecordStore } from '../../src/client/recordStore.ts';
import { serializeRecord } from '../../src/core/recordDocument.ts';
import { serializeRegistry } from '../../src/core/registryDocument.ts';
import { previousVersion } from '../../src/node/durableFile.ts';
import { sessionPlaces } from '../../src/node/places.ts';
import { findWorkplace } from '../../src/node/repository.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { useProject } from '../integration/support/project.ts';
import { machine } from '../integration/support/scene.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { aRecord } from '../unit/records.ts';

const key = '0123456789abcdef';
const megabyte = 1024 * 1024;

/** Far above what any of these takes, so that a slow machine passes and one that gets stuck does not; milliseconds. */
const patience = 60_000;

describe('a thousand sessions', () => {
  const dirs = useTempDirs();
  const project = useProject('folder');
  const records = sessions(1_000);

  it('are saved and come back', async () => {
    const folder = await dirs.make('storage');
    await storeOf(folder, records).save();
    const { records: loaded, notice } = await storeOf(folder).load();
    assert.deepEqual([loaded, notice], [records, undefined]);
  }).timeout(patience);

  it('are known to a helper that starts, and to a window that has none of its own', async () => {
    const { key: own } = await findWorkplace(project().folder);
    for (const record of records) {
      const file = sessionPlaces(machine, own, record.id).record;
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, serializeRecord(record));
    }
    const window = await project().open();
    await window.rename(records[999]?.id ?? '', 'last');
    const names = window.list().map(({ name }) => name);
    assert.deepEqual([names.length, names.includes('session 0'), names.includes('last')], [1_000, true, true]);
  }).timeout(patience);

  it('are handed by a window to a helper that knows none', async () => {
    const { key: own } = await findWorkplace(project().folder);
    const storage = await project().newFolder('storage');
    const text = serializeRegistry({ key: own, generation: 1, savedAt: new Date(), records });
    await writeFile(path.join(storage, 'sessions.json'), text);
    const window = await project().open({ storage });
    assert.equal((await window.helper.list()).records.length, 1_000);
  }).timeout(patience);
});

describe('a session list of 50 MB', () => {
  const dirs = useTempDirs();
  const large = sessions(1_000, 'x'.repeat(52 * 1024));

  it('is saved and comes back, and takes memory in proportion', async () => {
    const folder = await dirs.make('storage');
    await storeOf(folder, large).save();
    const { size } = await stat(path.join(folder, 'sessions.json'));
    const before = process.memoryUsage().rss;
    const { records: loaded, notice } = await storeOf(folder).load();
    const taken = process.memoryUsage().rss - before;
    assert.deepEqual([loaded.length, loaded[999], notice], [1_000, large[999], undefined]);
    assert.ok(size > 50 * megabyte, `${size} bytes`);
    assert.ok(taken < 12 * size, `${Math.round(taken / megabyte)} MB for ${Math.round(size / megabyte)} MB`);
  }).timeout(patience);

  it('is recovered where it is cut off', async () => {
    const folder = await dirs.make('storage');
    const file = path.join(folder, 'sessions.json');
    const text = serializeRegistry({ key, generation: 1, savedAt: new Date(), records: large });
    await writeFile(previousVersion(file), text);
    await writeFile(file, text.slice(0, -9));
    const { records: loaded, notice = '' } = await storeOf(folder).load();
    assert.deepEqual([loaded.length, loaded[0]?.name], [1_000, 'session 0']);
    assert.match(notice, /1000 sessions recovered from its previous version/);
  }).timeout(patience);
});

function sessions(count: number, note = ''): SessionRecord[] {
  return Array.from({ length: count }, (_, number) =>
    aRecord({
      id: randomUUID(),
      name: `session ${number}`,
      branch: `feature/${number}`,
      worktreePath: `/repo/.worktrees/${number}`,
      ...(note ? { metadata: { note } } : {}),
    }),
  );
}

function storeOf(folder: string, records: SessionRecord[] = []): RecordStore {
  return new RecordStore({ folder, key, root: '/repo', records: () => records });
}
