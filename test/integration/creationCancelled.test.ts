import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { cancelled } from '../../src/client/creationWatch.ts';
import type { CreateSessionOptions } from '../../src/client/sessionCreation.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { findCreationLocks } from '../../src/node/creationLocks.ts';
import { exists } from '../../src/node/exists.ts';
import { repositoryPlaces, stateFolder } from '../../src/node/places.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { withGit, writeHook, writeScript } from './support/fakeGit.ts';
import { commitManyFiles } from './support/manyFiles.ts';
import { useProject, withEnvironment } from './support/project.ts';
import { addOrigin, pushTo } from './support/remote.ts';
import { isRunningProcess, machine } from './support/scene.ts';

describeOnUnix('a session whose creation is cancelled', () => {
  const project = useProject();
  let window: SessionManager;
  let abort: AbortController;
  beforeEach(async () => {
    window = await project().open();
    await window.helper.connect();
    abort = new AbortController();
  });

  /** Everything that there could be of a session, whose tombstone alone remains. */
  async function traces() {
    const { folder } = repositoryPlaces(machine, window.options.workplace.key);
    const locks = await findCreationLocks(folder);
    const ports = await readdir(path.join(stateFolder(machine), 'ports')).catch(() => []);
    const notes = await readdir(path.join(project().folder, '.git', 'worktrees')).catch(() => []);
    return { ...(await project().traces(window)), locks, ports, notes };
  }

  /** What a creation that `cancel` has part in rejects with, and what there is of it afterwards. */
  async function attempt(options: CreateSessionOptions, onProgress: (text: string) => void = () => undefined) {
    const before = await traces();
    const { signal } = abort;
    const creation = window.create({ name: 'login', command: ['cat'], ...options }, { signal, onProgress });
    const error = await creation.then(
      () => Promise.reject(new Error('The session was created.')),
      (failure) => failure,
    );
    assert.deepEqual(await traces(), before);
    return error.text as string;
  }

  const turnAway = () => abort.abort(cancelled());
  const told = 'The session was not created, for you cancelled it. Nothing was kept.';

  /** Calls it once that file is there, which tells the pid of who waits. */
  async function onceWaiting(file: string): Promise<number> {
    await waitFor(() => exists(file));
    const pid = Number(
      await waitFor(
        () => readFile(file, 'utf8'),
        (text) => text.endsWith('\n'),
      ),
    );
    turnAway();
    return pid;
  }

  it('leaves nothing where that was before it began', async () => {
    turnAway();
    assert.equal(await attempt({}), told);
  });

  for (const step of ['Checking out files…', 'Starting the command…']) {
    it(`leaves nothing at the step “${step}”`, async () => {
      assert.equal(await attempt({}, (text) => text === step && turnAway()), told);
    });
  }

  it('leaves nothing once its process runs', async () => {
    window.onChange((record) => record?.status === 'active' && turnAway());
    assert.equal(await attempt({}), told);
  });

  it('leaves nothing, and nobody waiting, while a remote does not answer', async () => {
    await addOrigin(project());
    const waits = path.join(await project().newFolder('waits'), 'pid');
    const script = path.join(path.dirname(waits), 'silent-upload-pack');
    await writeScript(script, `echo $$ > '${waits}'; exec sleep 300`);
    await project().git('config', 'remote.origin.uploadpack', script);
    const [said, pid] = await Promise.all([attempt({ base: 'default', fetch: true }), onceWaiting(waits)]);
    assert.deepEqual([said, await isRunningProcess(pid)], [told, false]);
  });

  it('leaves nothing in the midst of a large checkout', async () => {
    await commitManyFiles(project().folder, 6_000);
    const seen: string[] = [];
    const said = await attempt({}, (text) => {
      seen.push(text);
      if (/^Checking out files \d+ %$/.test(text)) turnAway();
    });
    const last = Number(/\d+/.exec(seen.at(-1) ?? '')?.[0]);
    assert.deepEqual([said, last < 100], [told, true]);
  }).timeout(120_000);

  it('leaves nothing of a large checkout in a folder outside of the repository, nor that folder', async () => {
    await commitManyFiles(project().folder, 6_000);
    const elsewhere = await project().newFolder('disk');
    window = await project().open({ settings: { worktreesFolder: path.join(elsewhere, 'trees') } });
    assert.equal(await attempt({}, (text) => /^Checking out files \d+ %$/.test(text) && turnAway()), told);
    assert.deepEqual(await readdir(elsewhere), []);
  }).timeout(120_000);

  it('leaves nothing while a hook is at work, which ends with it', async () => {
    const waits = path.join(await project().newFolder('waits'), 'pid');
    await writeHook(project(), 'post-checkout', `echo $$ > '${waits}'; exec sleep 300`);
    const [said, pid] = await Promise.all([attempt({}), onceWaiting(waits)]);
    assert.deepEqual([said, await isRunningProcess(pid)], [told, false]);
  });

  it('leaves nothing, and nobody waiting, while the files to be brought along are looked for', async () => {
    const waits = path.join(await project().newFolder('waits'), 'pid');
    const silent = `case "$*" in "ls-files --others"*) echo $$ > '${waits}'; exec sleep 300;; esac`;
    const [said, pid] = await withGit(project(), silent, () => Promise.all([attempt({}), onceWaiting(waits)]));
    assert.deepEqual([said, await isRunningProcess(pid)], [told, false]);
  });

  it('leaves nothing while a submodule is being cloned', async () => {
    const waits = path.join(await project().newFolder('waits'), 'pid');
    const script = path.join(path.dirname(waits), 'silent-remote');
    await writeScript(script, `echo $$ > '${waits}'; exec sleep 300`);
    await addSilentSubmodule(project().folder, `ext::${script}`);
    const trust = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'protocol.ext.allow', GIT_CONFIG_VALUE_0: 'always' };
    const creation = () => attempt({ submodules: true });
    const [said, pid] = await withEnvironment(trust, () => Promise.all([creation(), onceWaiting(waits)]));
    assert.deepEqual([said, await isRunningProcess(pid)], [told, false]);
  });

  it('leaves a branch that was there before, and one that it made from a remote’s not', async () => {
    const bare = await addOrigin(project());
    await pushTo(bare, 'topic');
    await project().git('branch', 'own');
    const step = (text: string) => text === 'Starting the command…' && turnAway();
    const first = await attempt({ branch: 'own' }, step);
    abort = new AbortController();
    await project().git('fetch', '--quiet', 'origin');
    assert.deepEqual([first, await attempt({ branch: 'origin/topic' }, step)], [told, told]);
  });

  it('leaves an adopted worktree as it was', async () => {
    const tree = path.join(await project().newFolder('by hand'), 'tree');
    await project().git('worktree', 'add', '--quiet', '-b', 'topic', tree);
    const said = await attempt({ adoptWorktree: tree }, (text) => text === 'Starting the command…' && turnAway());
    const gitDir = await git(tree, 'rev-parse', '--absolute-git-dir');
    assert.deepEqual([said, await exists(path.join(gitDir, 'holdfast.json'))], [told, false]);
  });

  it('tells each step on the way', async () => {
    await addOrigin(project());
    const steps: string[] = [];
    const onProgress = (text: string) => void steps.push(text);
    await window.create({ base: 'default', fetch: true, command: ['cat'] }, { onProgress });
    const whole = steps.filter((text) => !/ \d+ %$/.test(text));
    assert.deepEqual(whole, [
      'Fetching origin…',
      'Checking out files…',
      'Bringing files along…',
      'Starting the command…',
    ]);
  });
});

/** A submodule of a commit that nobody has, at an address that does not answer. */
async function addSilentSubmodule(folder: string, url: string): Promise<void> {
  const commit = await git(folder, 'rev-parse', 'HEAD');
  await git(folder, 'config', '--file', '.gitmodules', 'submodule.part.path', 'part');
  await git(folder, 'config', '--file', '.gitmodules', 'submodule.part.url', url);
  await git(folder, 'add', '.gitmodules');
  await git(folder, 'update-index', '--add', '--cacheinfo', `160000,${commit},part`);
  await git(folder, 'commit', '--quiet', '--message=submodule');
}
