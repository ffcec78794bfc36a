import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SavedSessions } from '../../src/client/savedSessions.ts';
import type { CreationContext } from '../../src/client/sessionCreation.ts';
import type { ManagerSettings, SessionManager } from '../../src/client/sessionManager.ts';
import { type RestoredSession, type RestoreOptions, restoreSession } from '../../src/client/sessionRestoration.ts';
import type { RestorableSession, SavedSession } from '../../src/core/savedSession.ts';
import { exists } from '../../src/node/exists.ts';
import { repositoryPlaces } from '../../src/node/places.ts';
import { resolveCommit } from '../../src/node/repository.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { writeHook } from './support/fakeGit.ts';
import { type Project, useProject } from './support/project.ts';
import { machine } from './support/scene.ts';

describeOnUnix('a saved session', () => {
  const project = useProject();

  it('comes back as a new one at its commit, with the worktree and the branch gone', async () => {
    const { window, record, saved } = await save(project());
    await commit(record, 'work.txt');
    const again = await store(window).save(record);
    await lose(project(), window, record);
    const { record: back, origin } = await restore(window, again);
    assert.deepEqual(
      { origin: origin.from, ...summary(back), isNew: back.id !== record.id, isSaved: saved.commit !== again.commit },
      { origin: 'commit', name: 'login', branch: 'feature/login', status: 'active', isNew: true, isSaved: true },
    );
    assert.equal(await readFile(path.join(back.worktreePath, 'work.txt'), 'utf8'), 'work.txt');
    assert.equal(await project().git('rev-parse', 'feature/login'), again.commit);
  });

  it('keeps git from pruning its commit until it is deleted', async () => {
    const { window, record } = await save(project());
    await commit(record, 'work.txt');
    const saved = await store(window).save(record);
    await lose(project(), window, record);
    const isThere = async () => {
      await project().git('-c', 'gc.pruneExpire=now', 'reflog', 'expire', '--expire=now', '--all');
      await project().git('gc', '--quiet', '--prune=now');
      return (await resolveCommit(project().folder, saved.commit as string)) !== undefined;
    };
    const kept = await isThere();
    await store(window).delete(saved.id);
    assert.deepEqual([kept, await isThere()], [true, false]);
  });

  it('brings along its command, its folder, its variables and what else its user decided', async () => {
    const window = await project().open();
    await mkdir(path.join(project().folder, 'docs'));
    await writeFile(path.join(project().folder, 'docs', 'a.txt'), 'a');
    await project().git('add', 'docs');
    await project().git('commit', '--quiet', '--message=docs');
    const options = { name: 'login', command: ['cat', '-u'], cwd: 'docs', env: { TOKEN: 'secret' } };
    const { record } = await window.create(options);
    const changed = { ...record, agentSessionId: 'conversation', policy: { retry: 'never' as const } };
    const saved = await store(window).save(changed);
    await window.destroy(record.id);
    const { record: back } = await restore(window, saved);
    const { command, cwd, metadata, agentSessionId, policy } = back;
    assert.deepEqual(
      { command, cwd, metadata, agentSessionId, policy },
      {
        command: ['cat', '-u'],
        cwd: 'docs',
        metadata: { ownsBranch: true, env: { TOKEN: 'secret' }, restoredFrom: record.id },
        agentSessionId: 'conversation',
        policy: { retry: 'never' },
      },
    );
  });

  it('that is in the list still is given back as it is', async () => {
    const { window, record, saved } = await save(project());
    const before = await project().traces(window);
    const { record: back, origin } = await restore(window, saved);
    assert.deepEqual([back.id, origin.from, await project().traces(window)], [record.id, 'list', before]);
  });

  it('comes back only once', async () => {
    const { window, record, saved } = await save(project());
    await window.destroy(record.id);
    const { record: back } = await restore(window, saved);
    const { record: same, origin } = await restore(window, saved);
    assert.deepEqual([same.id, origin.from], [back.id, 'list']);
  });

  it('is bound to its worktree where that was kept, whose files stay as they are', async () => {
    const { window, record, saved } = await save(project());
    await writeFile(path.join(record.worktreePath, 'notes.txt'), 'not committed');
    assert.ok((await window.destroy(record.id)).kept);
    const { record: back, origin } = await restore(window, saved);
    assert.deepEqual(
      { origin: origin.from, path: back.worktreePath, ...summary(back), tag: await tagged(back) },
      {
        origin: 'worktree',
        path: record.worktreePath,
        name: 'login',
        branch: 'feature/login',
        status: 'active',
        tag: back.id,
      },
    );
    assert.equal(await readFile(path.join(back.worktreePath, 'notes.txt'), 'utf8'), 'not committed');
  });

  it('checks out its branch as it is now where only the worktree is gone', async () => {
    const { window, record, saved } = await save(project());
    const tip = await commit(record, 'later.txt');
    await window.destroy(record.id);
    await project().git('worktree', 'remove', '-f', '-f', record.worktreePath);
    const { record: back, origin } = await restore(window, saved);
    assert.deepEqual(
      {
        origin: origin.from,
        name: back.name,
        head: await git(back.worktreePath, 'rev-parse', 'HEAD'),
        owns: back.metadata?.ownsBranch,
      },
      { origin: 'branch', name: 'login', head: tip, owns: true },
    );
  });

  it('comes back where its worktree was removed by hand', async () => {
    const { window, record, saved } = await save(project());
    const tip = await commit(record, 'work.txt');
    await window.stop(record.id);
    await rm(record.worktreePath, { recursive: true });
    await window.destroy(record.id);
    const { record: back, origin } = await restore(window, saved);
    assert.deepEqual(
      { origin, head: await git(back.worktreePath, 'rev-parse', 'HEAD') },
      { origin: { from: 'branch', stale: record.worktreePath }, head: tip },
    );
  });

  it('does not come back where its worktree was removed by hand and something was staged in it', async () => {
    const { window, record, saved } = await save(project());
    await writeFile(path.join(record.worktreePath, 'staged.txt'), 'staged');
    await git(record.worktreePath, 'add', 'staged.txt');
    await window.stop(record.id);
    await rm(record.worktreePath, { recursive: true });
    await window.destroy(record.id);
    assert.deepEqual(await failure(project(), window, saved), {
      code: 'BRANCH_EXISTS',
      text: `“login” cannot come back, for its branch feature/login is checked out in ${record.worktreePath}. Check out another branch there, or remove that worktree if it is of no more use.`,
      isClean: true,
    });
  });

  it('does not come back where another worktree has its branch, and nothing is made', async () => {
    const { window, record, saved } = await save(project());
    await lose(project(), window, record);
    const elsewhere = path.join(await project().newFolder('elsewhere'), 'worktree');
    await project().git('worktree', 'add', '--quiet', '-b', 'feature/login', elsewhere);
    assert.deepEqual(await failure(project(), window, saved), {
      code: 'BRANCH_EXISTS',
      text: `“login” cannot come back, for its branch feature/login is checked out in ${elsewhere}. Check out another branch there, or remove that worktree if it is of no more use.`,
      isClean: true,
    });
  });

  it('does not come back where another session works on its branch', async () => {
    const { window, record, saved } = await save(project());
    await window.destroy(record.id);
    await project().git('branch', 'feature/login');
    await window.create({ name: 'other', branch: 'feature/login', command: ['cat'] });
    const { code, isClean } = await failure(project(), window, saved);
    assert.deepEqual({ code, isClean }, { code: 'BRANCH_EXISTS', isClean: true });
  });

  it('starts at its base and says so where its commit is gone, too', async () => {
    const { window, record, saved } = await save(project());
    await lose(project(), window, record);
    const { origin, notice, record: back } = await restore(window, { ...saved, commit: 'a'.repeat(40) });
    assert.deepEqual(
      { origin: origin.from, notice, head: await git(back.worktreePath, 'rev-parse', 'HEAD') },
      {
        origin: 'base',
        notice: 'Neither its branch feature/login nor the commit of that is here, so it begins at main.',
        head: await project().git('rev-parse', 'main'),
      },
    );
  });

  it('gets another name where its own is taken, and keeps its branch', async () => {
    const { window, record, saved } = await save(project());
    await lose(project(), window, record);
    await window.create({ name: 'login', branch: 'topic', command: ['cat'] });
    const { record: back, notice } = await restore(window, saved);
    assert.deepEqual(
      [back.name, back.branch, notice],
      ['login-2', 'feature/login', '“login” became “login-2” because that name is taken.'],
    );
  });

  it('begins a new conversation where another session goes on with its own', async () => {
    const { window, record, saved } = await save(project());
    const other = await window.create({ name: 'other', command: ['cat'] });
    await window.helper.update(other.record, () => ({ agentSessionId: 'conversation' }));
    await window.destroy(record.id);
    const shared = { ...saved, record: { ...record, agentSessionId: 'conversation' } };
    const { record: back, notice } = await restore(window, shared);
    assert.deepEqual(
      [back.agentSessionId, notice],
      [undefined, 'Its conversation goes on in another session, so it begins a new one.'],
    );
  });

  it('waits to be started where that is asked for, and can be', async () => {
    const { window, record, saved } = await save(project());
    await window.destroy(record.id);
    const { record: back } = await restore(window, saved, { start: false });
    const [status, isThere] = [back.status, await exists(back.worktreePath)];
    await window.helper.list();
    const { record: started } = await window.restart(back.id);
    assert.deepEqual([status, isThere, started.status], ['idle', true, 'active']);
  });

  it('without a worktree runs where it ran', async () => {
    const window = await project().open();
    const { record } = await window.create({ name: 'plain', worktree: false, command: ['cat'] });
    const saved = await store(window).save(record);
    await window.destroy(record.id);
    const { record: back, origin } = await restore(window, saved);
    assert.deepEqual([back.worktreePath, back.branch, origin.from], [project().folder, '', 'folder']);
  });

  it('does not come back over the limit, and nothing is made', async () => {
    const { window, record, saved } = await save(project(), { maxSessions: 1 });
    await window.destroy(record.id);
    await window.create({ name: 'other', command: ['cat'] });
    const { code, isClean } = await failure(project(), window, saved);
    assert.deepEqual({ code, isClean }, { code: 'MAX_SESSIONS', isClean: true });
  });

  it('leaves nothing where its worktree cannot be made, and its branch stays gone', async () => {
    const { window, record, saved } = await save(project());
    await lose(project(), window, record);
    await writeHook(project(), 'post-checkout', 'exit 1');
    const { code, isClean } = await failure(project(), window, saved);
    assert.deepEqual({ code, isClean }, { code: 'GIT_FAILED', isClean: true });
  });

  it('leaves its worktree and the branch as they are where it cannot be started', async () => {
    const { window, record, saved } = await save(project());
    await writeFile(path.join(record.worktreePath, 'notes.txt'), 'not committed');
    await window.destroy(record.id);
    const broken = { ...saved, record: { ...record, command: ['./no-such-program'] } };
    const { code, isClean } = await failure(project(), window, broken);
    assert.deepEqual(
      {
        code,
        isClean,
        notes: await readFile(path.join(record.worktreePath, 'notes.txt'), 'utf8'),
        tag: await tagged(record),
      },
      { code: 'COMMAND_NOT_FOUND', isClean: true, notes: 'not committed', tag: record.id },
    );
  });
});

function store({ options: { workplace } }: SessionManager): SavedSessions {
  return new SavedSessions({ folder: repositoryPlaces(machine, workplace.key).savedFolder, workplace });
}

/** A window with a session that runs and was saved. */
async function save(
  project: Project,
  settings: Partial<ManagerSettings> = {},
): Promise<{ window: SessionManager; record: SessionRecord; saved: SavedSession }> {
  const window = await project.open({ settings });
  const { record } = await window.create({ name: 'login', command: ['cat'] });
  return { window, record, saved: await store(window).save(record) };
}

/** Commits a file on the session's branch; returns the commit. */
async function commit({ worktreePath }: SessionRecord, file: string): Promise<string> {
  await writeFile(path.join(worktreePath, file), file);
  await git(worktreePath, 'add', file);
  await git(worktreePath, 'commit', '--quiet', `--message=${file}`);
  return git(worktreePath, 'rev-parse', 'HEAD');
}

/** Destroys the session, and what is kept of its work. */
async function lose(project: Project, window: SessionManager, { id, branch }: SessionRecord): Promise<void> {
  const { kept } = await window.destroy(id);
  if (!kept) return;
  await project.git('worktree', 'remove', '--force', kept.path);
  await project.git('branch', '--quiet', '-D', branch);
}

function contextOf(window: SessionManager): CreationContext {
  const { helper, options } = window;
  return { ...options, helper, sessions: () => window.list(), keep: async (record) => record };
}

function restore(window: SessionManager, saved: RestorableSession, options?: RestoreOptions): Promise<RestoredSession> {
  return restoreSession(contextOf(window), saved, options);
}

function summary({ name, branch, status }: SessionRecord) {
  return { name, branch, status };
}

/** Whose worktree it is, as its tag says. */
async function tagged({ worktreePath }: SessionRecord): Promise<string> {
  const gitDir = await git(worktreePath, 'rev-parse', '--path-format=absolute', '--git-dir');
  return JSON.parse(await readFile(path.join(gitDir, 'holdfast.json'), 'utf8')).id;
}

/** The error of an attempt, and whether all is as before. */
async function failure(project: Project, window: SessionManager, saved: RestorableSession) {
  const before = await tracesIn(project, window);
  const error = await restore(window, saved).then(
    () => Promise.reject(new Error('The session came back.')),
    (thrown) => thrown,
  );
  await window.helper.list();
  assert.deepEqual(await tracesIn(project, window), before);
  return { code: error.code, text: error.text, isClean: true };
}

/** What the window saves by itself comes later. */
async function tracesIn(project: Project, window: SessionManager) {
  const { saved: _, ...traces } = await project.traces(window);
  return traces;
}
