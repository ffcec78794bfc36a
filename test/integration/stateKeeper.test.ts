import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Backups } from '../../src/client/backups.ts';
import { SessionJournal } from '../../src/client/sessionJournal.ts';
import { SessionManager } from '../../src/client/sessionManager.ts';
import { registerStorage } from '../../src/client/windowStorages.ts';
import { newRecord } from '../../src/core/sessionRecord.ts';
import { repositoryPlaces } from '../../src/node/places.ts';
import type { StoredEvent } from '../../src/protocol/sessionEvent.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { git } from '../support/repository.ts';
import { waitFor } from '../support/waitFor.ts';
import { helperPid, useProject } from './support/project.ts';
import { machine, processEnd } from './support/scene.ts';

/** More than any window can have counted of a session that was lost. */
const outOfReach = 1_000_000;

describe('taking lost sessions in', () => {
  const project = useProject();

  /** Another window’s list, of which nothing else is left. */
  const leave = async (window: SessionManager, ...names: string[]): Promise<SessionRecord[]> => {
    const { key } = window.options.workplace;
    const records = names.map((name, number) => lostSession(name, number, project().folder));
    const storage = path.join(await project().newFolder('storages'), 'other', 'holdfast');
    await mkdir(storage, { recursive: true });
    await writeFile(path.join(storage, 'sessions.json'), JSON.stringify({ version: '1.0', key, sessions: records }));
    await registerStorage(repositoryPlaces(machine, key), storage);
    return records;
  };
  const backups = async ({ state }: SessionManager) => (await state.listBackups()).map(({ reason }) => reason);

  it('brings all back, though one has a name that a new one has taken', async () => {
    const window = await project().open();
    await window.create({ name: 'api', worktree: false, command: ['cat'] });
    await leave(window, 'api', 'other');
    const { sessions } = await window.state.rebuild();
    const known = (await window.helper.list()).records.map(({ name }) => name).sort();
    assert.deepEqual(
      [sessions.map(({ record }) => record.name), known, window.list().length],
      [['api-2', 'other'], ['api', 'api-2', 'other'], 3],
    );
  });

  it('tells of one that another session is in the way of, and brings the others back', async () => {
    const window = await project().open();
    await leave(window, 'api', 'other');
    const problems: unknown[] = [];
    window.onProblem(({ error }) => problems.push((error as { code: string }).code));
    const restore = window.helper.restore.bind(window.helper);
    // Another window takes the name between the look and the restore.
    window.helper.restore = async (records) => {
      if (records.some(({ name }) => name === 'api')) {
        await window.create({ name: 'api', worktree: false, command: ['cat'] });
      }
      return restore(records);
    };
    const { sessions } = await window.state.rebuild();
    assert.deepEqual([sessions.map(({ record }) => record.name), problems], [['other'], ['NAME_EXISTS']]);
  });

  for (const [when, connects] of [
    ['while the helper is connected', true],
    ['with a helper that has yet to be started', false],
  ] as const) {
    it(`takes a backup first, and outdoes tombstones that nobody knows of, ${when}`, async () => {
      const window = await project().open();
      await window.create({ name: 'mine', worktree: false, command: ['cat'] });
      await leave(window, 'api');
      const reopened = connects ? window : await loadedAgain(window);
      assert.equal(reopened.helper.isConnected, connects);
      const [session] = (await reopened.state.rebuild()).sessions;
      const known = (await reopened.helper.list()).records.find(({ name }) => name === 'api');
      assert.deepEqual([session?.record, (known?.revision ?? 0) >= outOfReach], [known, true]);
      assert.ok((await backups(reopened)).includes('repair'));
      reopened.dispose();
    });
  }

  it('shows them also where no helper can be started, and the next one gets them so', async () => {
    const window = await project().open({ dist: '/nowhere' });
    await leave(window, 'api');
    await window.state.rebuild();
    const [shown] = window.list();
    assert.deepEqual([window.helper.isConnected, shown?.name], [false, 'api']);
    const second = await project().open({ storage: window.options.storage });
    assert.deepEqual(second.list(), [shown]);
  });

  it('takes a backup before a proposal is accepted, and outdoes tombstones that nobody knows of', async () => {
    const { window, folder } = await doubtful();
    const [proposal] = (await window.state.rebuild()).proposals;
    assert.ok(proposal);
    const { record, notice } = await window.state.accept(proposal);
    assert.deepEqual(
      [record.worktreePath, record.revision >= outOfReach, notice, await backups(window)],
      [folder, true, undefined, ['repair']],
    );
  });

  it('says that a worktree could not be marked, and has its session all the same', async () => {
    const { window, folder, tagFile } = await doubtful();
    await rm(tagFile);
    await mkdir(path.join(tagFile, 'in-the-way'), { recursive: true });
    const [proposal] = (await window.state.rebuild()).proposals;
    assert.ok(proposal);
    const { record, notice } = await window.state.accept(proposal);
    assert.match(notice ?? '', /“login-.*” is back, but its worktree .* could not be marked as its own: .*[^.]\.$/);
    assert.deepEqual([window.get(record.id)?.worktreePath, proposal.kind], [folder, 'unreadableTag']);
  });

  it('marks the kept worktree of a destroyed session, which is then only offered once all else is lost', async () => {
    const window = await project().open();
    const { record } = await window.create({ name: 'login', command: ['cat'] });
    const tagFile = path.join(await git(record.worktreePath, 'rev-parse', '--absolute-git-dir'), 'holdfast.json');
    await writeFile(path.join(record.worktreePath, 'work.txt'), 'work');
    const { record: tombstone } = await window.destroy(record.id);
    assert.equal(JSON.parse(await readFile(tagFile, 'utf8')).deletedAt, tombstone.deletedAt);
    await loseAll(window);
    const reopened = await project().open();
    const { sessions, proposals } = await reopened.state.rebuild();
    const [proposal] = proposals;
    assert.ok(proposal);
    assert.deepEqual([sessions, proposals.length, proposal.kind], [[], 1, 'kept']);
    await reopened.state.accept(proposal);
    assert.equal(JSON.parse(await readFile(tagFile, 'utf8')).deletedAt, undefined);
  });

  it('tells the journal from which backup a session came back', async () => {
    const window = await project().open();
    const { record } = await window.create({ name: 'login', worktree: false, command: ['cat'] });
    await window.destroy(record.id);
    const [backup] = (await window.state.listBackups()).filter(({ reason }) => reason === 'destroy');
    assert.ok(backup);
    await window.state.restoreBackup(backup.id);
    const journal = new SessionJournal({ folder: window.options.storage });
    const restored = await waitFor(
      () => restorations(journal),
      (events) => events.length > 0,
      { what: 'the journal to tell of the session' },
    );
    assert.deepEqual(
      restored.map(({ sessionId, source }) => [sessionId, source]),
      [[record.id, backup.file]],
    );
  });

  it('says of a saved session that its second copy was read', async () => {
    const window = await project().open();
    const { record } = await window.create({ name: 'login', command: ['cat'] });
    const { id } = await window.state.save(record);
    const { savedFolder } = repositoryPlaces(machine, window.options.workplace.key);
    await writeFile(path.join(savedFolder, `${id}.json`), '{');
    await window.destroy(record.id);
    const { notice } = await window.state.loadSaved(id);
    assert.equal(notice, 'Its file is damaged (it is not whole JSON), so its second copy was read.');
  });

  it('lists and restores the backups of another window and of the command line, and puts its own beside its list', async () => {
    const [one, two] = [await project().open(), await project().open()];
    const { record } = await one.create({ name: 'api', worktree: false, command: ['cat'] });
    const { key } = one.options.workplace;
    const content = { records: [record], generation: 1 };
    const [byWindow, byCommand] = [
      await new Backups({ folder: one.options.storage, key }).take('manual', content),
      await new Backups({ folder: repositoryPlaces(machine, key).folder, key }).take('manual', content),
    ];
    await one.destroy(record.id);
    await two.helper.list();
    const listed = (await two.state.listBackups()).map(({ file }) => file);
    const { restored, before } = await two.state.restoreBackup(byCommand?.id ?? '');
    assert.deepEqual(
      [
        [byWindow, byCommand].map((backup) => listed.includes(backup?.file ?? '')),
        restored.map(({ name }) => name),
        path.dirname(before?.file ?? ''),
      ],
      [[true, true], ['api'], path.join(two.options.storage, 'backups')],
    );
  });

  it('takes no backup before an import of which nothing comes in', async () => {
    const window = await project().open();
    const { record } = await window.create({ name: 'login', worktree: false, command: ['cat'] });
    const file = path.join(await project().newFolder('files'), 'sessions.json');
    await window.state.exportTo(file, [record]);
    const results = await window.state.importFrom(file);
    assert.deepEqual([results.map(({ state }) => state), await backups(window)], [['skipped'], []]);
  });

  it('does not believe a file that says whose a branch is', async () => {
    const window = await project().open();
    await project().git('branch', 'mine');
    const file = path.join(await project().newFolder('files'), 'sessions.json');
    const sessions = ['mine', 'anew'].map((branch, number) => ({
      ...lostSession(branch, number, project().folder),
      branch,
      baseBranch: 'main',
      metadata: { ownsBranch: true },
    }));
    await writeFile(file, JSON.stringify({ version: '1.0', sessions }));
    await window.state.importFrom(file);
    assert.deepEqual(
      window.list().map(({ branch, metadata }) => [branch, metadata?.ownsBranch]),
      [
        ['mine', false],
        ['anew', true],
      ],
    );
  });

  /** A worktree with the tag of a session that was lost, which is locked. */
  async function doubtful() {
    const first = await project().open();
    const { record } = await first.create({ name: 'login', command: ['cat'] });
    await first.stop(record.id);
    const tagFile = path.join(await git(record.worktreePath, 'rev-parse', '--absolute-git-dir'), 'holdfast.json');
    await project().git('worktree', 'unlock', record.worktreePath);
    await project().git('worktree', 'lock', record.worktreePath);
    await loseAll(first);
    const window = await project().open();
    await window.create({ name: 'mine', worktree: false, command: ['cat'] });
    return { window, folder: record.worktreePath, tagFile };
  }

  /** The same window, while no helper runs and it has only read its list. */
  async function loadedAgain(window: SessionManager): Promise<SessionManager> {
    await end(window);
    const again = new SessionManager(window.options);
    await again.load();
    return again;
  }

  async function end(window: SessionManager): Promise<void> {
    const pid = await helperPid(window);
    await project().dispose();
    await processEnd(pid);
  }

  async function restorations(journal: SessionJournal): Promise<StoredEvent[]> {
    const found: StoredEvent[] = [];
    for await (const event of journal.read()) if (event.type === 'restored') found.push(event);
    return found;
  }

  /** All but the worktrees. */
  async function loseAll(window: SessionManager): Promise<void> {
    await end(window);
    const { options } = window;
    const { folder } = repositoryPlaces(machine, options.workplace.key);
    for (const lost of [folder, options.storage]) await rm(lost, { recursive: true });
  }
});

function lostSession(name: string, number: number, root: string): SessionRecord {
  const id = `${number}0000000-0000-4000-8000-000000000000`;
  const now = new Date(Date.UTC(2026, 0, 1, 0, 0, number));
  return newRecord({ id, name, branch: '', baseBranch: '', worktreePath: root, command: ['cat'], now });
}
