import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CreateSessionOptions } from '../../src/client/sessionCreation.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { projectNode } from '../support/paths.ts';
import { signal } from '../support/processes.ts';
import { git, makeRepository } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { pathWithGit, pauseAt, withGit, writeHook } from './support/fakeGit.ts';
import { type Project, useProject, withEnvironment } from './support/project.ts';
import { addOrigin, pushTo } from './support/remote.ts';
import { dist, processEnd, programFile } from './support/scene.ts';

const moments: [what: string, args: string][] = [
  ['before it has made the branch', '"branch --no-track"*'],
  ['before it has made the worktree', '"worktree add"*'],
];

/** What can be done about a session that has its record alone. */
const ends: [what: string, act: (window: SessionManager, id: string) => Promise<string>][] = [
  ['started', async (window, id) => ((await window.restart(id)).record.status === 'active' ? 'started' : '')],
  ['destroyed', async (window, id) => ((await window.destroy(id)).kept ? 'destroyed' : '')],
];

describeOnUnix('a window that is killed while it creates a session', () => {
  const project = useProject();
  let other: SessionManager;
  beforeEach(async () => {
    other = await project().open();
    await other.helper.connect();
  });

  for (const [what, args] of moments) {
    it(`leaves a session that can be started: ${what}`, async () => {
      await killedAt(project(), args);
      const before = await found(project(), other);
      const { status, worktreePath } = (await other.restart(before.record.id)).record;
      const commit = await git(worktreePath, 'rev-parse', 'feature/login');
      assert.deepEqual(
        { status: before.record.status, folder: before.folder, after: [status, commit] },
        { status: 'idle', folder: 'gone', after: ['active', await project().git('rev-parse', 'main')] },
      );
    });

    it(`leaves a session that can be destroyed, with all it has: ${what}`, async () => {
      await killedAt(project(), args);
      const { record } = await found(project(), other);
      const { kept } = await other.destroy(record.id);
      const { branches, worktrees, folders, sessions } = await project().traces(other);
      assert.deepEqual(
        { kept, branches, worktrees: worktrees.length, folders, sessions },
        { kept: undefined, branches: ['refs/heads/main'], worktrees: 1, folders: [], sessions: [] },
      );
    });
  }

  it('leaves a session that gets with its start what git ignores and work needs', async () => {
    await writeFile(path.join(project().folder, '.git', 'info', 'exclude'), '.env\n');
    await writeFile(path.join(project().folder, '.env'), 'KEY=1');
    await killedBetween(project(), 'creation-tagged', {});
    const { record } = await found(project(), other);
    const { worktreePath } = (await other.restart(record.id)).record;
    assert.equal(await readFile(path.join(worktreePath, '.env'), 'utf8'), 'KEY=1');
  });

  for (const point of ['creation-kept', 'creation-checked-out']) {
    it(`leaves a session that gets with its start the submodules that it was to have: at ${point}`, async () => {
      const part = await makeRepository(await project().newFolder('part'));
      await project().git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', part, 'part');
      await project().git('commit', '--quiet', '--message=submodule');
      await killedBetween(project(), point, { submodules: true });
      const { record } = await found(project(), other);
      const trust = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'protocol.file.allow', GIT_CONFIG_VALUE_0: 'always' };
      const { worktreePath } = (await withEnvironment(trust, () => other.restart(record.id))).record;
      assert.equal(existsSync(path.join(worktreePath, 'part', '.git')), true);
    });
  }

  it('keeps the commits that its branch has got meanwhile', async () => {
    await killedAt(project(), '"worktree add"*');
    const { record } = await found(project(), other);
    const commit = await project().git('commit-tree', '-p', 'main', '-m', 'work', 'main^{tree}');
    await project().git('update-ref', 'refs/heads/feature/login', commit);
    const { worktreePath } = (await other.restart(record.id)).record;
    assert.equal(await git(worktreePath, 'rev-parse', 'HEAD'), commit);
  });

  it('makes the branch anew that is to follow a remote one, from that', async () => {
    const bare = await addOrigin(project());
    const commit = await pushTo(bare, 'topic');
    await project().git('fetch', '--quiet', 'origin');
    await killedAt(project(), '"branch --track"*', { branch: 'origin/topic' });
    const { record } = await found(project(), other);
    const { branch, worktreePath } = (await other.restart(record.id)).record;
    const upstream = await git(worktreePath, 'rev-parse', '--abbrev-ref', '@{upstream}');
    assert.deepEqual(
      [branch, await git(worktreePath, 'rev-parse', 'HEAD'), upstream],
      ['topic', commit, 'origin/topic'],
    );
  });

  for (const [what, act] of ends) {
    it(`leaves a worktree that it adopts as it was, in a session that can be ${what}`, async () => {
      const tree = path.join(await project().newFolder('by hand'), 'tree');
      await project().git('worktree', 'add', '--quiet', '-b', 'topic', tree);
      await writeFile(path.join(tree, 'idea.txt'), 'not committed');
      await killedBetween(project(), 'creation-kept', { adoptWorktree: tree });
      await other.helper.list();
      const [record] = await waitFor(
        () => other.list(),
        (sessions) => sessions.length > 0,
      );
      const came = await act(other, (record as SessionRecord).id);
      const status = await git(tree, 'status', '--porcelain', '--branch');
      assert.deepEqual([came, status], [what, '## topic\n?? idea.txt']);
    });
  }

  it('leaves a worktree alone that git had half made, and says what to do', async () => {
    await killedAt(project(), '"worktree add"*');
    const { record } = await found(project(), other);
    await halfMade(project(), record);
    await assert.rejects(other.restart(record.id), {
      code: 'FOLDER_EXISTS',
      text: `The worktree of “login” is half made: ${record.worktreePath}. Wait for git if it is at work there; else run “git worktree remove -f -f ${record.worktreePath}” and try again.`,
    });
  });

  const rivals: [what: string, make: (folder: string) => Promise<unknown>][] = [
    ['a folder', (folder) => mkdir(folder, { recursive: true })],
    ['a file', (file) => mkdir(path.dirname(file), { recursive: true }).then(() => writeFile(file, ''))],
    ['another repository', (folder) => makeRepository(folder)],
  ];
  for (const [what, make] of rivals) {
    it(`does not take ${what} in its place for the worktree`, async () => {
      await killedAt(project(), '"worktree add"*');
      const { record } = await found(project(), other);
      await make(record.worktreePath);
      await assert.rejects(other.restart(record.id), {
        code: 'FOLDER_EXISTS',
        text: `What is in the place of “login”’s worktree is none: ${record.worktreePath}. Move it away and try again, or destroy the session.`,
      });
      const tags = [project().folder, record.worktreePath].map((folder) => path.join(folder, '.git', 'holdfast.json'));
      assert.deepEqual([other.get(record.id)?.status, ...tags.map(existsSync)], ['idle', false, false]);
    });
  }

  it('leaves nothing where it is destroyed while another window makes its worktree', async () => {
    const { code } = await destroyedDuringRestart(project(), other);
    const { branches, worktrees, folders } = await project().traces(other);
    assert.deepEqual(
      { code, branches, worktrees: worktrees.length, folders },
      { code: 'SESSION_NOT_FOUND', branches: ['refs/heads/main'], worktrees: 1, folders: [] },
    );
  });

  it('keeps what a hook wrote where it is destroyed meanwhile, and says where', async () => {
    await writeHook(project(), 'post-checkout', 'echo work > new.txt');
    const { code, text } = await destroyedDuringRestart(project(), other);
    const [folder = ''] = (await project().traces(other)).folders;
    const kept = path.join(project().folder, '.worktrees', folder);
    assert.deepEqual(
      [code, text, existsSync(path.join(kept, 'new.txt'))],
      [
        'SESSION_NOT_FOUND',
        `“login” was destroyed meanwhile by another window. Its worktree was kept (1 untracked file): ${kept}.`,
        true,
      ],
    );
  });

  it('does not make a worktree again that was removed by hand', async () => {
    await killedAt(project(), '"worktree add"*');
    const { record } = await found(project(), other);
    const { worktreePath } = (await other.restart(record.id)).record;
    await other.stop(record.id);
    await rm(worktreePath, { recursive: true });
    await project().git('worktree', 'prune');
    await assert.rejects(other.restart(record.id), { code: 'NO_FOLDER' });
  });
});

describeOnUnix('a session that another window is creating', () => {
  const project = useProject();

  it('cannot be started until that has come to an end', async () => {
    const window = await project().open();
    await window.helper.connect();
    const { creator, waits, goOn } = await startCreation(project(), '"worktree add"*');
    await waitFor(() => existsSync(waits));
    const { record } = await found(project(), window);
    const attempt = await window.restart(record.id).catch(({ code, text }) => ({ code, text }));
    await writeFile(goOn, '');
    await once(creator.stdout as NodeJS.ReadableStream, 'data');
    assert.deepEqual(
      [(attempt as { code: string }).code, (attempt as { text: string }).text.includes(`process ${creator.pid} on `)],
      ['SESSION_RUNNING', true],
    );
    creator.stdin?.end();
    await once(creator, 'exit');
  });
});

interface Creation {
  creator: ChildProcess;
  /** There once its git waits. */
  waits: string;
  /** Lets its git go on. */
  goOn: string;
}

/** Creates a session in a process of its own, whose git waits at the call with these arguments. */
async function startCreation(
  project: Project,
  args: string,
  options: CreateSessionOptions = {},
  variables: NodeJS.ProcessEnv = {},
): Promise<Creation> {
  const folder = await project.newFolder('pause');
  const [waits, goOn] = [path.join(folder, 'waits'), path.join(folder, 'goOn')];
  const gitPath = await pathWithGit(project, pauseAt(args, { waits, goOn }));
  const env = { ...process.env, PATH: gitPath, SESSION_OPTIONS: JSON.stringify(options), ...variables };
  const storage = await project.newFolder('storage');
  const creator = spawn(projectNode, [programFile('createSession'), project.folder, storage, dist], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env,
  });
  return { creator, waits, goOn };
}

/** The git that waits is killed with it, as when the machine loses its power. */
async function killedAt(project: Project, args: string, options: CreateSessionOptions = {}): Promise<void> {
  const { creator, waits } = await startCreation(project, args, options);
  const pid = Number(
    await waitFor(
      () => readFile(waits, 'utf8').catch(() => ''),
      (text) => text.endsWith('\n'),
    ),
  );
  signal(creator.pid as number, 'SIGKILL');
  signal(pid, 'SIGKILL');
  await Promise.all([once(creator, 'exit'), processEnd(pid)]);
}

/** The same between two steps of the creation itself. */
async function killedBetween(project: Project, point: string, options: CreateSessionOptions): Promise<void> {
  const folder = await project.newFolder('points');
  await writeFile(path.join(folder, `${point}.asked`), '');
  const { creator } = await startCreation(project, 'none', options, { HOLDFAST_PAUSE_FOLDER: folder });
  await waitFor(() => existsSync(path.join(folder, `${point}.reached`)));
  signal(creator.pid as number, 'SIGKILL');
  await once(creator, 'exit');
}

/** How the restart of a session cut short ends that another window destroys before its branch is made. */
async function destroyedDuringRestart(project: Project, window: SessionManager) {
  await killedAt(project, '"branch --no-track"*');
  const { record } = await found(project, window);
  const rival = await project.open();
  const folder = await project.newFolder('pause');
  const [waits, goOn] = [path.join(folder, 'waits'), path.join(folder, 'goOn')];
  return withGit(project, pauseAt('"branch --no-track"*', { waits, goOn }), async () => {
    const restart = window.restart(record.id).then(
      () => ({ code: 'none', text: '' }),
      ({ code, text }) => ({ code, text }),
    );
    await waitFor(() => existsSync(waits));
    await rival.destroy(record.id);
    await writeFile(goOn, '');
    return restart;
  });
}

async function found({ folder }: Project, window: SessionManager) {
  await window.helper.list();
  const record = await waitFor(
    () => window.list()[0],
    (session) => session !== undefined,
  );
  const { worktreePath } = record as SessionRecord;
  assert.equal(path.dirname(worktreePath), path.join(folder, '.worktrees'));
  return { record: record as SessionRecord, folder: existsSync(worktreePath) ? 'there' : 'gone' };
}

async function halfMade(project: Project, { worktreePath, branch }: SessionRecord): Promise<void> {
  await project.git('worktree', 'add', '--quiet', '--no-checkout', worktreePath, branch);
  await writeFile(path.join(await git(worktreePath, 'rev-parse', '--absolute-git-dir'), 'locked'), 'initializing\n');
}
