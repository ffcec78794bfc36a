import assert from 'node:assert/strict';
import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { repositoryPlaces } from '../../src/node/places.ts';
import { quarantineFolder } from '../../src/node/quarantine.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { signal } from '../support/processes.ts';
import { git } from '../support/repository.ts';
import { waitFor } from '../support/waitFor.ts';
import { helperPid, hostPids, screenOf, useProject } from './support/project.ts';
import { machine, processEnd } from './support/scene.ts';

describe('a window that comes back', () => {
  const project = useProject();
  let window: SessionManager;
  let record: SessionRecord;
  beforeEach(async () => {
    window = await project().open();
    record = (await window.create({ name: 'login', command: ['sh', '-c', 'echo hello; cat'] })).record;
    await screenOf(window, record, /hello/);
  });

  /** The window closes and opens again on what it had stored. */
  const reopened = async () => {
    window.dispose();
    return project().open({ storage: window.options.storage });
  };

  it('finds the same process with the same screen', async () => {
    const before = await screenOf(window, record, /hello/);
    const again = await reopened();
    assert.deepEqual([again.list(), await screenOf(again, record, /hello/)], [[record], before]);
  });

  it('finds the same process after the helper was killed', async () => {
    await kill([await helperPid(window)]);
    const [found] = (await reopened()).list();
    assert.deepEqual([found?.ptyPid, found?.status], [record.ptyPid, 'active']);
  });

  it('finds the session started again after the helper and all hosts were killed', async () => {
    await kill([await helperPid(window), ...(await hostPids(window))]);
    const again = await reopened();
    const found = await waitFor(
      async () => again.get(record.id),
      (current) => current?.status === 'active',
      { what: 'the session to run again' },
    );
    const { name, attempts, ptyPid, worktreePath } = found as SessionRecord;
    assert.notEqual(ptyPid, record.ptyPid);
    assert.deepEqual([name, attempts, worktreePath], ['login', 1, record.worktreePath]);
  });

  it('finds the session idle after the helper and all hosts were killed where nobody had looked for long', async () => {
    const pids = [await helperPid(window), ...(await hostPids(window))];
    const { helperFile } = repositoryPlaces(machine, window.options.workplace.key);
    await kill(pids);
    await utimes(helperFile, 0, 0);
    const { status, exit, evidence } = (await reopened()).get(record.id) as SessionRecord;
    assert.deepEqual(
      [status, exit?.reason, evidence?.what],
      ['idle', 'lost', 'its process was gone when Holdfast came back'],
    );
  });

  it('starts an idle session again in the worktree it had', async () => {
    await kill([await helperPid(window), ...(await hostPids(window))]);
    const again = await reopened();
    const { status, worktreePath } = (await again.restart(record.id)).record;
    assert.deepEqual([status, worktreePath], ['active', record.worktreePath]);
  });

  it('knows the sessions although its storage was emptied while no helper ran', async () => {
    window.dispose();
    await kill([await helperPid(window)]);
    const again = await project().open();
    assert.deepEqual(
      again.list().map(({ name, ptyPid }) => [name, ptyPid]),
      [['login', record.ptyPid]],
    );
  });

  it('finds the session by its own list where everything else about it was lost', async () => {
    await kill([await helperPid(window), ...(await hostPids(window))]);
    await rm(repositoryPlaces(machine, window.options.workplace.key).folder, { recursive: true });
    const [found] = (await reopened()).list();
    assert.deepEqual([found?.id, found?.status], [record.id, 'idle']);
  });

  it('does not see a destroyed session again, whatever an old list says', async () => {
    await window.destroy(record.id);
    const storage = await project().newFolder('storage');
    await writeFile(path.join(storage, 'sessions.json'), JSON.stringify({ version: '1.0', sessions: [record] }));
    assert.deepEqual((await project().open({ storage })).list(), []);
  });

  it('starts no helper where there is nothing to restore', async () => {
    await window.destroy(record.id);
    window.dispose();
    await kill([await helperPid(window)]);
    const again = await reopened();
    assert.deepEqual([again.list(), await again.helper.join()], [[], false]);
  });

  it('puts a damaged list aside and still finds its sessions', async () => {
    window.dispose();
    await writeFile(path.join(window.options.storage, 'sessions.json'), '{"version":"1.0","sess');
    const again = await project().open({ storage: window.options.storage });
    const copies = (await readdir(quarantineFolder(again.options.storage))).filter((name) =>
      name.endsWith('sessions.json'),
    );
    assert.deepEqual([again.list().map(({ name }) => name), copies.length], [['login'], 1]);
  });
});

describe('two windows on one repository', () => {
  const project = useProject();

  it('see each other’s changes', async () => {
    const [one, two] = [await project().open(), await project().open()];
    const seen: string[] = [];
    const { record } = await two.create({ name: 'login', command: ['cat'] });
    const read = () => one.get(record.id);
    await two.rename(record.id, 'sign-in');
    await one.helper.list();
    seen.push(`${read()?.name} ${read()?.status}`);
    await two.stop(record.id);
    await one.helper.list();
    seen.push(`${read()?.name} ${read()?.status}`);
    await two.destroy(record.id);
    await one.helper.list();
    seen.push(String(read()));
    assert.deepEqual(seen, ['sign-in active', 'sign-in cancelled', 'undefined']);
  });

  it('share the limit', async () => {
    const settings = { maxSessions: 2 };
    const [one, two] = [await project().open({ settings }), await project().open({ settings })];
    const attempts = [one, two, one, two].map((window) => window.create({ command: ['cat'] }));
    const results = await Promise.all(
      attempts.map((attempt) =>
        attempt.then(
          () => 'created',
          ({ code }) => code,
        ),
      ),
    );
    assert.deepEqual(results.sort(), ['MAX_SESSIONS', 'MAX_SESSIONS', 'created', 'created']);
  });

  it('give way to each other when they want one name at the same moment', async () => {
    const windows = [await project().open(), await project().open(), await project().open()];
    const created = await Promise.all(windows.map((window) => window.create({ name: 'same', command: ['cat'] })));
    assert.deepEqual(created.map(({ record }) => record.branch).sort(), [
      'feature/same',
      'feature/same-2',
      'feature/same-3',
    ]);
  });

  it('count up together when they want no name at the same moment', async () => {
    const windows = [await project().open(), await project().open()];
    const created = await Promise.all(windows.map((window) => window.create({ command: ['cat'] })));
    assert.deepEqual(created.map(({ record }) => record.name.slice(-4)).sort(), ['-001', '-002']);
  });

  it('do not both get one branch', async () => {
    const windows = [await project().open(), await project().open()];
    const attempts = windows.map((window) => window.create({ branch: 'topic', command: ['cat'] }));
    const results = await Promise.all(
      attempts.map((attempt) =>
        attempt.then(
          () => 'created',
          ({ code }) => code,
        ),
      ),
    );
    assert.deepEqual(results.sort(), ['BRANCH_EXISTS', 'created']);
  });
});

describe('windows on different folders of one repository', () => {
  const project = useProject();

  it('share one helper, also when one is open on a session’s worktree or on a folder inside', async () => {
    const main = await project().open();
    const { record } = await main.create({ name: 'login', command: ['cat'] });
    const worktree = await project().open({ folder: record.worktreePath });
    const inside = await project().open({ folder: path.join(project().folder, '.worktrees') });
    const seen = await Promise.all(
      [main, worktree, inside].map(async (window) => [await helperPid(window), window.list()]),
    );
    const expected = [await helperPid(main), [record]];
    assert.deepEqual(seen, [expected, expected, expected]);
  });

  it('make worktrees side by side, never one inside another', async () => {
    const main = await project().open();
    const { record } = await main.create({ name: 'login', command: ['cat'] });
    const inner = await project().open({ folder: record.worktreePath });
    const { record: second } = await inner.create({ name: 'deeper', command: ['cat'] });
    assert.deepEqual(
      [path.dirname(second.worktreePath), second.baseBranch],
      [path.join(project().folder, '.worktrees'), 'feature/login'],
    );
  });
});

describe('windows on a folder without git', () => {
  const project = useProject('folder');

  it('share one helper', async () => {
    const [one, two] = [await project().open(), await project().open()];
    const { record } = await one.create({ worktree: false, command: ['cat'] });
    await two.restore();
    assert.deepEqual([await helperPid(two), two.list()], [await helperPid(one), [record]]);
  });

  it('do not see the sessions of another folder', async () => {
    const one = await project().open();
    await one.create({ worktree: false, command: ['cat'] });
    const other = await project().open({ folder: await project().newFolder('other') });
    assert.deepEqual(other.list(), []);
  });

  it('keep their sessions when the folder becomes a repository', async () => {
    const one = await project().open();
    const { record } = await one.create({ worktree: false, command: ['cat'] });
    one.dispose();
    await git(project().folder, 'init', '--quiet');
    const again = await project().open({ storage: one.options.storage });
    assert.deepEqual([again.options.workplace.kind, again.list()], ['git', [record]]);
  });
});

async function kill(pids: number[]): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGKILL');
  await Promise.all(pids.map(processEnd));
}
