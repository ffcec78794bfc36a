import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SessionJournal } from '../../src/client/sessionJournal.ts';
import { SessionManager } from '../../src/client/sessionManager.ts';
import { journalFile } from '../../src/node/journalFiles.ts';
import { repositoryPlaces } from '../../src/node/places.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { signal } from '../support/processes.ts';
import { waitFor } from '../support/waitFor.ts';
import { helperPid, hostPids, useProject } from './support/project.ts';
import { machine, processEnd } from './support/scene.ts';

describe('a window and its journal', () => {
  const project = useProject();
  let window: SessionManager;
  let login: SessionRecord;
  beforeEach(async () => {
    window = await project().open();
    login = (await window.create({ name: 'login', command: ['cat'] })).record;
  });

  const list = () => path.join(window.options.storage, 'sessions.json');
  /** The types of all events that are told by now, the changes of status with what they led to. */
  const told = async ({ options }: SessionManager): Promise<string[]> => {
    const events: string[] = [];
    for await (const { type, to, source } of new SessionJournal({ folder: options.storage }).read())
      events.push([type, to ?? (type === 'fellBack' ? source : undefined)].filter(Boolean).join(' '));
    return events;
  };
  /** The same, once an event of that type is told. */
  const toldUntil = (manager: SessionManager, last: string): Promise<string[]> =>
    waitFor(
      () => told(manager),
      (events) => events.some((event) => event.startsWith(last)),
      { what: `the event ${last}` },
    );
  /** The same window opened anew; `restore` follows where it matters. */
  const reload = async (): Promise<{ again: SessionManager; loaded: Awaited<ReturnType<SessionManager['load']>> }> => {
    window.dispose();
    const again = new SessionManager(window.options);
    opened.push(again);
    return { again, loaded: await again.load() };
  };
  const opened: SessionManager[] = [];
  afterEach(() => {
    for (const manager of opened.splice(0)) manager.dispose();
  });

  it('tell of what real sessions go through', async () => {
    await window.rename(login.id, 'renamed');
    await window.stop(login.id);
    await window.destroy(login.id);
    assert.deepEqual(await toldUntil(window, 'destroyed'), [
      'created',
      'started',
      'statusChanged active',
      'renamed renamed',
      'stopped',
      'statusChanged cancelled',
      'backupTaken',
      'destroyed',
    ]);
  });

  it('tell of a list that was recovered from its previous version, and where the damaged one is kept', async () => {
    await writeFile(list(), (await readFile(list(), 'utf8')).slice(0, 200));
    const { again } = await reload();
    assert.deepEqual((await toldUntil(again, 'repaired')).slice(-2), ['fellBack its previous version', 'repaired']);
  });

  it('tell of a list that was found damaged while it was saved, and the user is told once', async () => {
    const notices: string[] = [];
    window.onNotice((notice) => notices.push(notice));
    await writeFile(list(), (await readFile(list(), 'utf8')).slice(0, 200));
    for (const name of ['one', 'two']) await window.rename(login.id, name);
    const recovery = (await toldUntil(window, 'repaired')).filter((type) => /^(fellBack|repaired)/.test(type));
    assert.deepEqual(
      [recovery, notices.length, JSON.parse(await readFile(list(), 'utf8')).sessions[0].name],
      [['fellBack what this window knew and its previous version', 'repaired'], 1, 'two'],
    );
  });

  it('tell of sessions that were rebuilt after all but their worktrees was lost', async () => {
    const pids = [await helperPid(window), ...(await hostPids(window))];
    window.dispose();
    for (const pid of pids) signal(pid, 'SIGKILL');
    await Promise.all(pids.map(processEnd));
    await rm(repositoryPlaces(machine, window.options.workplace.key).folder, { recursive: true });
    await rm(window.options.storage, { recursive: true });
    const { again, loaded } = await reload();
    assert.deepEqual(
      [loaded.rebuilt?.sessions.map(({ from }) => from.kind), (await toldUntil(again, 'rebuilt')).includes('rebuilt')],
      [['tag'], true],
    );
  });

  for (const [what, lose, isGone] of [
    ['whose whole storage is gone', () => rm(window.options.storage, { recursive: true }), true],
    ['whose list is gone, and not its journal', () => rm(list()).then(() => removeCopies()), true],
    ['that never had sessions', () => removeCopies().then(() => removeAll()), false],
  ] as const) {
    it(`${isGone ? 'know' : 'do not take it'} that its list is gone, of a window ${what}`, async () => {
      await toldUntil(window, 'statusChanged active');
      await lose();
      const { again, loaded } = await reload();
      await again.restore();
      assert.deepEqual([loaded.isGone, again.list().map(({ name }) => name)], [isGone, ['login']]);
    });
  }

  async function removeCopies(): Promise<void> {
    await rm(path.join(window.options.storage, 'sessions.previous.json'), { force: true });
    await rm(path.join(window.options.storage, 'backups'), { force: true, recursive: true });
  }

  async function removeAll(): Promise<void> {
    for (const file of [list(), journalFile(window.options.storage)]) await rm(file);
  }
});
