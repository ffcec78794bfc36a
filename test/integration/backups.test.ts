import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../src/base/errors.ts';
import type { Backup } from '../../src/client/backupFile.ts';
import { Backups } from '../../src/client/backups.ts';
import { HelperClient } from '../../src/client/helperClient.ts';
import { HelperLauncher } from '../../src/client/helperLauncher.ts';
import { type BackupRestoreContext, planBackupRestore, restoreBackup } from '../../src/client/restoreBackup.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { repositoryPlaces, sessionPlaces } from '../../src/node/places.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { signal } from '../support/processes.ts';
import { waitFor } from '../support/waitFor.ts';
import { helperPid, hostPids, useProject } from './support/project.ts';
import { dist, machine, processEnd } from './support/scene.ts';

describe('a restored backup', () => {
  const project = useProject();
  let window: SessionManager;
  let record: SessionRecord;
  let backup: Backup;
  /** No window's, so that none takes backups there meanwhile. */
  let folder: string;
  beforeEach(async () => {
    folder = await project().newFolder('backups');
    window = await project().open();
    record = (await window.create({ name: 'login', command: ['cat'] })).record;
    backup = await backUp();
  });

  const clients: HelperClient[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.dispose();
  });

  const context = (of = window): BackupRestoreContext => ({
    workplace: of.options.workplace,
    helper: of.helper,
    backups: new Backups({ folder, key: of.options.workplace.key }),
    content: { generation: 0 },
  });
  /** A helper that no window has told anything. */
  const newHelper = async () => {
    const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };
    const launcher = new HelperLauncher({ machine, key: window.options.workplace.key, dist, client });
    const helper = new HelperClient({ launcher, replica: () => [] });
    clients.push(helper);
    await helper.connect();
    return helper;
  };
  const backUp = async () => {
    const { records } = await window.helper.list();
    return (await context().backups.take('manual', { records, generation: 0 })) as Backup;
  };
  const known = (of: SessionManager) => of.list().map(({ id, name }) => [id, name]);

  it('brings a destroyed session back under its old id, in every window', async () => {
    const other = await project().open();
    await window.destroy(record.id);
    await waitFor(
      () => known(other),
      (list) => list.length === 0,
    );
    const { restored } = await restoreBackup(context(), backup.id);
    assert.deepEqual(
      restored.map(({ id, name, status, ptyPid }) => [id, name, status, ptyPid]),
      [[record.id, 'login', 'idle', undefined]],
    );
    for (const one of [window, other]) {
      await waitFor(
        () => known(one),
        (list) => list.length === 1,
      );
    }
  });

  it('is not undone by the tombstones that other windows still have', async () => {
    const other = await project().open();
    await window.destroy(record.id);
    await waitFor(
      () => other.list(),
      (list) => list.length === 0,
    );
    other.dispose();
    await restoreBackup(context(), backup.id);
    await kill([await helperPid(window)]);
    const again = await project().open({ storage: other.options.storage });
    await again.helper.connect();
    assert.deepEqual(known(again), [[record.id, 'login']]);
  });

  it('brings a session back that everything but the backup has forgotten', async () => {
    window.dispose();
    await kill([await helperPid(window), ...(await hostPids(window))]);
    await rm(repositoryPlaces(machine, window.options.workplace.key).folder, { recursive: true });
    const helper = await newHelper();
    const before = (await helper.list()).records;
    await restoreBackup({ ...context(), helper }, backup.id);
    const after = (await helper.list()).records;
    assert.deepEqual([before, after.map(({ id, name }) => [id, name])], [[], [[record.id, 'login']]]);
  });

  it('finds the process of a session that nothing but the backup and its host still knew', async () => {
    window.dispose();
    await kill([await helperPid(window)]);
    const places = sessionPlaces(machine, window.options.workplace.key, record.id);
    const copies = (await readdir(places.folder)).filter((name) => name.startsWith('record.'));
    for (const name of copies) await rm(path.join(places.folder, name));
    const helper = await newHelper();
    const before = (await helper.list()).records;
    const { restored } = await restoreBackup({ ...context(), helper }, backup.id);
    assert.deepEqual(
      [before, restored.map(({ status, ptyPid }) => [status, ptyPid])],
      [[], [['active', record.ptyPid]]],
    );
  });

  it('gives a session its old name back while its process runs on', async () => {
    await window.rename(record.id, 'other');
    const { restored } = await restoreBackup(context(), backup.id);
    assert.deepEqual(
      restored.map(({ name, status, ptyPid }) => [name, status, ptyPid]),
      [['login', 'active', record.ptyPid]],
    );
  });

  it('leaves a session made since as it is, and its name to it', async () => {
    await window.destroy(record.id);
    const since = (await window.create({ name: 'login', branch: 'feature/since', command: ['cat'] })).record;
    const { notices, onlyNow } = await restoreBackup(context(), backup.id);
    const list = (await window.helper.list()).records.map(({ id, name }) => [id, name]);
    assert.deepEqual(
      [notices, onlyNow, new Map(list as [string, string][])],
      [
        ['“login” comes back as “login-2”, because another session has that name by now.'],
        1,
        new Map([
          [record.id, 'login-2'],
          [since.id, 'login'],
        ]),
      ],
    );
  });

  it('chooses another name where a window takes one meanwhile', async () => {
    await window.destroy(record.id);
    let lists = 0;
    const helper = {
      restore: (records: SessionRecord[]) => window.helper.restore(records),
      list: async () => {
        const list = await window.helper.list();
        if (++lists === 1) await window.create({ name: 'login', branch: 'feature/rival', command: ['cat'] });
        return list;
      },
    };
    const { restored } = await restoreBackup({ ...context(), helper }, backup.id);
    assert.deepEqual(
      restored.map(({ name }) => name),
      ['login-2'],
    );
  });

  it('brings back more sessions than there may be', async () => {
    await window.destroy(record.id);
    const full = await project().open({ settings: { maxSessions: 1 } });
    await full.create({ name: 'other', command: ['cat'] });
    await restoreBackup(context(full), backup.id);
    await assert.rejects(full.create({ name: 'third' }), { code: 'MAX_SESSIONS' });
    assert.deepEqual(
      full.list().map(({ name }) => name),
      ['login', 'other'],
    );
  });

  it('is preceded by one of what there was', async () => {
    await window.create({ name: 'since', command: ['cat'] });
    await window.destroy(record.id);
    const { before } = await restoreBackup(context(), backup.id);
    const { sessions } = await context().backups.read(String(before?.id));
    const live = (sessions as SessionRecord[]).filter(({ deletedAt }) => deletedAt === undefined);
    assert.deepEqual([before?.reason, live.map(({ name }) => name)], ['restore', ['since']]);
  });

  it('changes nothing where what there is cannot be backed up first', async () => {
    await window.destroy(record.id);
    const { backups } = context();
    backups.take = () => Promise.reject(new HoldfastError('DISK_FULL', 'The disk is full.'));
    await assert.rejects(restoreBackup({ ...context(), backups }, backup.id), { code: 'DISK_FULL' });
    assert.deepEqual(window.list(), []);
  });

  it('is told beforehand, and nothing is changed then', async () => {
    await window.destroy(record.id);
    const files = await readdir(context().backups.folder);
    const { returning, changed } = await planBackupRestore(context(), backup.id);
    assert.deepEqual(
      [returning.map(({ name }) => name), changed, window.list(), await readdir(context().backups.folder)],
      [['login'], [], [], files],
    );
  });

  it('holds only those sessions that were chosen', async () => {
    const other = (await window.create({ name: 'other', command: ['cat'] })).record;
    const both = await backUp();
    for (const { id } of [record, other]) await window.destroy(id);
    await restoreBackup(context(), both.id, [other.id]);
    assert.deepEqual(known(window), [[other.id, 'other']]);
    await assert.rejects(restoreBackup(context(), backup.id, [other.id]), { code: 'SESSION_NOT_FOUND' });
  });

  it('tells what of each session’s work is still there, and the session works again in any case', async () => {
    await project().git('branch', 'mine');
    const kept = (await window.create({ name: 'kept', command: ['cat'] })).record;
    const mine = (await window.create({ name: 'mine', branch: 'mine', command: ['cat'] })).record;
    await writeFile(path.join(kept.worktreePath, 'work.txt'), 'work');
    const all = await backUp();
    for (const { id } of [record, kept, mine]) await window.destroy(id);
    const { worktrees, restored } = await restoreBackup(context(), all.id);
    assert.deepEqual(
      [record, kept, mine].map(({ id }) => worktrees[id]),
      ['branchGone', 'there', 'gone'],
    );
    const notices: (string | undefined)[] = [];
    for (const { id, worktreePath } of restored) {
      await waitFor(
        () => window.get(id),
        (one) => one !== undefined,
      );
      const { record, notice } = await window.restart(id);
      notices.push(notice);
      assert.deepEqual([record.status, (await readdir(worktreePath)).length > 0], ['active', true]);
    }
    assert.deepEqual(
      notices.map((notice) => notice?.replace(/“\S+”/, '“…”')),
      [
        'The worktree of “…” came back as it was archived.',
        undefined,
        'The worktree of “…” came back as it was archived.',
      ],
    );
  });
});

async function kill(pids: number[]): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGKILL');
  await Promise.all(pids.map(processEnd));
}
