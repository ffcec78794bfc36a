import assert from 'node:assert/strict';
import type { CreateSessionOptions } from '../../src/client/sessionCreation.ts';
import type { WorktreeSettings } from '../../src/client/worktreeSetup.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { withGit } from './support/fakeGit.ts';
import { useProject } from './support/project.ts';
import { addOrigin, commitFile, pushTo } from './support/remote.ts';

const usual: WorktreeSettings = { base: 'head', fetch: false, submodules: 'never' };

describeOnUnix('a new branch', () => {
  const project = useProject();

  /** What its session says that it was made from, and what is checked out. */
  async function begin(options: CreateSessionOptions, settings: Partial<WorktreeSettings> = {}) {
    const window = await project().open({ settings: { worktree: { ...usual, ...settings } } });
    const { record } = await window.create({ name: 'fix', command: ['cat'], ...options });
    const { branch, baseBranch, baseCommit, worktreePath } = record;
    return { branch, baseBranch, baseCommit, head: await git(worktreePath, 'rev-parse', 'HEAD') };
  }

  /** Of a session that was made at this commit. */
  const from = (baseBranch: string, commit: string) => ({
    branch: 'feature/fix',
    baseBranch,
    baseCommit: commit,
    head: commit,
  });

  it('is made from a tag', async () => {
    const commit = await project().git('rev-parse', 'HEAD');
    await project().git('tag', '--annotate', '--message=one', 'v1');
    await commitFile(project().folder, 'later');
    assert.deepEqual(await begin({ baseBranch: 'v1' }), from('v1', commit));
  });

  it('is made from a commit, which is named in full', async () => {
    const commit = await project().git('rev-parse', 'HEAD');
    await commitFile(project().folder, 'later');
    assert.deepEqual(await begin({ baseBranch: commit.slice(0, 9) }), from(commit, commit));
  });

  it('is made from a remote’s branch', async () => {
    const bare = await addOrigin(project());
    const commit = await pushTo(bare, 'topic');
    await project().git('fetch', '--quiet', 'origin');
    assert.deepEqual(await begin({ baseBranch: 'origin/topic' }), from('origin/topic', commit));
  });

  it('is made from the default branch, whatever is checked out', async () => {
    const commit = await project().git('rev-parse', 'HEAD');
    await project().git('checkout', '--quiet', '-b', 'topic');
    await commitFile(project().folder, 'later');
    assert.deepEqual(await begin({ base: 'default' }), from('main', commit));
  });

  it('is made from the default branch where the setting says so, also with a detached HEAD', async () => {
    const commit = await project().git('rev-parse', 'HEAD');
    await project().git('checkout', '--quiet', '--detach');
    await commitFile(project().folder, 'later');
    assert.deepEqual(await begin({}, { base: 'default' }), from('main', commit));
  });

  it('is made from the remote’s default branch where the local one lags behind or has gone its own way', async () => {
    const bare = await addOrigin(project());
    const commit = await pushTo(bare, 'main');
    await project().git('fetch', '--quiet', 'origin');
    await commitFile(project().folder, 'own');
    assert.deepEqual(await begin({ base: 'default' }), from('origin/main', commit));
  });

  it('is made from the local default branch where that has all of the remote’s', async () => {
    await addOrigin(project());
    const commit = await commitFile(project().folder, 'own');
    assert.deepEqual(await begin({ base: 'default' }), from('main', commit));
  });

  it('is made from the branch that the remote calls its default, whatever its name', async () => {
    const bare = await addOrigin(project());
    const commit = await pushTo(bare, 'trunk');
    await project().git('fetch', '--quiet', 'origin');
    await project().git('remote', 'set-head', 'origin', 'trunk');
    assert.deepEqual(await begin({ base: 'default' }), from('origin/trunk', commit));
  });

  it('is made from the default branch of the only remote, which need not be called origin', async () => {
    const bare = await addOrigin(project(), 'up/stream');
    const commit = await pushTo(bare, 'main');
    assert.deepEqual(await begin({ base: 'default', fetch: true }), from('up/stream/main', commit));
  });

  it('is made from what git calls the first branch of new repositories where no remote tells', async () => {
    await project().git('branch', '--move', 'main', 'trunk');
    await project().git('config', 'init.defaultBranch', 'trunk');
    const commit = await project().git('rev-parse', 'trunk');
    await project().git('checkout', '--quiet', '-b', 'topic');
    assert.deepEqual(await begin({ base: 'default' }), from('trunk', commit));
  });

  it('is not made where nothing says which branch is the default one', async () => {
    await project().git('branch', '--move', 'main', 'trunk');
    await project().git('config', 'init.defaultBranch', 'other');
    await assert.rejects(begin({ base: 'default' }), { code: 'INVALID_ARGUMENT', message: /the default one/ });
  });

  it('is made from HEAD where that is named, detached or not', async () => {
    await project().git('checkout', '--quiet', '--detach');
    const commit = await commitFile(project().folder, 'later');
    assert.deepEqual(await begin({ base: 'head' }, { base: 'default' }), from(commit, commit));
  });

  it('is made from what the remote has by now where it is fetched first', async () => {
    const bare = await addOrigin(project());
    const commit = await pushTo(bare, 'topic');
    assert.deepEqual(await begin({ baseBranch: 'origin/topic', fetch: true }), from('origin/topic', commit));
  });

  it('is made from what the remote has by now where the setting says to fetch and the local branch lags behind', async () => {
    const bare = await addOrigin(project());
    await project().git('branch', '--set-upstream-to=origin/main');
    const commit = await pushTo(bare, 'main');
    assert.deepEqual(await begin({}, { fetch: true }), from('origin/main', commit));
  });

  it('is made from the local branch where that has what was fetched, and more', async () => {
    await addOrigin(project());
    await project().git('branch', '--set-upstream-to=origin/main');
    const commit = await commitFile(project().folder, 'own');
    assert.deepEqual(await begin({ fetch: true }), from('main', commit));
  });

  it('is made from a tag that only the remote had', async () => {
    const bare = await addOrigin(project());
    const commit = await pushTo(bare, 'main', { tag: 'v2' });
    assert.deepEqual(await begin({ baseBranch: 'v2', fetch: true }), from('v2', commit));
  });

  it('fetches nothing where nothing comes from a remote', async () => {
    const commit = await project().git('rev-parse', 'HEAD');
    const bare = await addOrigin(project());
    await project().git('remote', 'set-url', 'origin', `${bare}/gone`);
    assert.deepEqual(await begin({ fetch: true }), from('main', commit));
  });

  it('fetches the one remote that is meant', async () => {
    const gone = await addOrigin(project(), 'elsewhere');
    await project().git('remote', 'set-url', 'elsewhere', `${gone}/gone`);
    const bare = await addOrigin(project());
    const commit = await pushTo(bare, 'main');
    assert.deepEqual(await begin({ base: 'default', fetch: true }), from('origin/main', commit));
  });

  it('is not made where its remote cannot be fetched, with the advice to go on without', async () => {
    const bare = await addOrigin(project());
    await project().git('remote', 'set-url', 'origin', `${bare}/gone`);
    const window = await project().open();
    const before = await project().traces(window);
    const error = await window.create({ base: 'default', fetch: true, command: ['cat'] }).catch((failure) => failure);
    const after = await project().traces(window);
    assert.deepEqual(
      { code: error.code, text: error.text.replaceAll(bare, 'BARE'), remote: error.data.remote, after },
      {
        code: 'FETCH_FAILED',
        text: '“origin” could not be fetched: Could not read from remote repository. Nothing was created. Check the connection and your access, or go on without fetching.',
        remote: 'origin',
        after: before,
      },
    );
  });

  it('asks nobody for a password', async () => {
    const bare = await addOrigin(project());
    await pushTo(bare, 'main');
    const asks = 'case "$1" in fetch) if sh -c "read x < /dev/tty" 2>/dev/null; then exit 3; fi;; esac';
    const made = await withGit(project(), asks, () => begin({ base: 'default', fetch: true }));
    assert.equal(made.baseBranch, 'origin/main');
  });
});
