import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { RecordStore } from '../../../src/client/recordStore.ts';
import { RegistryReplica } from '../../../src/client/registryReplica.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { waitFor } from '../../support/waitFor.ts';
import { aRecord } from '../records.ts';

const key = '0123456789abcdef';
const day = 24 * 3_600_000;

describe('a window’s copy of the registry', () => {
  const dirs = useTempDirs();
  let folder: string;
  let replica: RegistryReplica;
  beforeEach(async () => {
    folder = await dirs.make('storage');
    replica = new RegistryReplica({ folder, key, root: '/repo' });
    await replica.load();
  });
  afterEach(() => replica.dispose());

  /** A folder in the place of the lock stands for storage that cannot be written, also for root. */
  const lock = () => path.join(folder, 'storage.lock');

  it('takes what the helper has done for done where it cannot be saved here, and tells once until it can again', async () => {
    const told: boolean[] = [];
    replica.onProblem(({ isNews }) => told.push(isNews));
    await mkdir(lock());
    for (const revision of [1, 2]) await replica.keepDone(aRecord({ revision }));
    await rm(lock(), { recursive: true });
    await replica.keepDone(aRecord({ revision: 3 }));
    await mkdir(lock());
    await replica.keepDone(aRecord({ revision: 4 }));
    assert.deepEqual([replica.list(), told], [[aRecord({ revision: 4 })], [true, false, true]]);
  });

  it('does not acknowledge what is not saved anywhere', async () => {
    await mkdir(lock());
    await assert.rejects(replica.keep(aRecord()), { code: 'STORAGE_NOT_WRITABLE' });
  });

  it('keeps what the helper has not taken in, does not show it, and tells of it once', async () => {
    const notices: string[] = [];
    replica.onNotice((notice) => notices.push(notice));
    const { id } = await replica.keep(aRecord());
    for (let connection = 0; connection < 2; connection++) replica.holdBack([id]);
    const kept = replica.all();
    const shown = [replica.list()];
    replica.acceptAll([aRecord({ revision: 2 })]);
    shown.push(replica.list());
    assert.deepEqual(
      [kept, shown, notices],
      [
        [aRecord()],
        [[], [aRecord({ revision: 2 })]],
        ['“login” is not shown, for another session has its worktree or branch; “Rebuild Sessions…” tells more.'],
      ],
    );
  });

  it('takes the backup that the window before it still owed, and none twice', async () => {
    await replica.keep(aRecord());
    replica.dispose();
    const owed = [(await replica.backups.list()).length];
    const later = new RegistryReplica({ folder, key, root: '/repo', quiet: 0 });
    await later.load();
    const taken = await waitFor(
      () => later.backups.list(),
      (backups) => backups.length > 0,
      { what: 'a backup' },
    );
    await later.backUp('destroy');
    await later.journal.flush();
    const events: string[] = [];
    for await (const { type } of later.journal.read()) if (type === 'backupTaken') events.push(type);
    later.dispose();
    assert.deepEqual(
      [owed, taken.map(({ reason, count }) => [reason, count]), (await later.backups.list()).length, events],
      [[0], [['change', 1]], 1, ['backupTaken']],
    );
  });

  it('forgets after 90 days what was destroyed', async () => {
    const destroyed = (days: number, id: string) =>
      aRecord({ id, deletedAt: new Date(Date.now() - days * day).toISOString() });
    const [old, young] = [
      destroyed(91, '10000000-0000-4000-8000-000000000001'),
      destroyed(89, '10000000-0000-4000-8000-000000000002'),
    ];
    await new RecordStore({ folder, key, root: '/repo', records: () => [old, young] }).save();
    await replica.load();
    assert.deepEqual(replica.all(), [young]);
  });
});
