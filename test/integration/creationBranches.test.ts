import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { CreateSessionOptions } from '../../src/client/sessionCreation.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { writeHook } from './support/fakeGit.ts';
import { useProject } from './support/project.ts';
import { addOrigin, commitFile, pushTo } from './support/remote.ts';

describeOnUnix('a session on a branch that is there', () => {
  const project = useProject();

  async function begin(options: CreateSessionOptions) {
    const window = await project().open();
    const { record, notice } = await window.create({ command: ['cat'], ...options });
    const { name, branch, baseBranch, baseCommit, worktreePath, metadata } = record;
    const upstream = await git(worktreePath, 'for-each-ref', '--format=%(upstream:short)', `refs/heads/${branch}`);
    const head = await git(worktreePath, 'rev-parse', 'HEAD');
    const current = await git(worktreePath, 'branch', '--show-current');
    assert.deepEqual([current, head], [branch, baseCommit]);
    return { name, branch, baseBranch, commit: head, upstream, metadata, notice };
  }

  it('checks out a local one, which stays the user’s own, under a name that is like it', async () => {
    const main = await project().git('rev-parse', 'main');
    await project().git('branch', 'feature/login');
    assert.deepEqual(await begin({ name: 'login', branch: 'feature/login' }), {
      name: 'login',
      branch: 'feature/login',
      baseBranch: 'main',
      commit: main,
      upstream: '',
      metadata: { ownsBranch: false },
      notice: undefined,
    });
  });

  it('checks it out with a detached HEAD, too', async () => {
    await project().git('branch', 'topic');
    await project().git('checkout', '--quiet', '--detach');
    const { branch, baseBranch, commit } = await begin({ branch: 'topic' });
    assert.deepEqual([branch, baseBranch], ['topic', commit]);
  });

  it('makes a local one that follows a remote’s, and owns it', async () => {
    const bare = await addOrigin(project());
    const commit = await pushTo(bare, 'fix/ü');
    await project().git('fetch', '--quiet', 'origin');
    assert.deepEqual(await begin({ name: 'fix', branch: 'origin/fix/ü' }), {
      name: 'fix',
      branch: 'fix/ü',
      baseBranch: 'main',
      commit,
      upstream: 'origin/fix/ü',
      metadata: { ownsBranch: true, upstream: 'origin/fix/ü' },
      notice: undefined,
    });
  });

  it('follows a remote’s also where a tag has its name', async () => {
    const bare = await addOrigin(project());
    const commit = await pushTo(bare, 'topic');
    await project().git('fetch', '--quiet', 'origin');
    await project().git('tag', 'origin/topic', 'main');
    const made = await begin({ branch: 'origin/topic' });
    assert.deepEqual([made.branch, made.commit, made.metadata?.upstream], ['topic', commit, 'origin/topic']);
  });

  it('finds a remote’s that was pushed just now where it is fetched first', async () => {
    const bare = await addOrigin(project());
    const commit = await pushTo(bare, 'topic');
    const made = await begin({ branch: 'origin/topic', fetch: true });
    assert.deepEqual([made.branch, made.commit, made.upstream], ['topic', commit, 'origin/topic']);
  });

  it('takes the local one that follows the remote’s already, as it is', async () => {
    const bare = await addOrigin(project());
    await pushTo(bare, 'topic');
    await project().git('fetch', '--quiet', 'origin');
    await project().git('checkout', '--quiet', '-b', 'topic', 'origin/topic');
    const commit = await commitFile(project().folder, 'own');
    await project().git('checkout', '--quiet', 'main');
    const made = await begin({ branch: 'origin/topic' });
    assert.deepEqual([made.branch, made.commit, made.metadata], ['topic', commit, { ownsBranch: false }]);
  });

  const refusals: [what: string, prepare: string[][], code: string, text: RegExp][] = [
    [
      'a remote’s that there is not',
      [],
      'INVALID_ARGUMENT',
      /There is no branch topic of “origin” here\. .*fetch first/,
    ],
    [
      'a remote’s whose name a local one has that does not follow it',
      [
        ['branch', '--no-track', 'topic'],
        ['push', '--quiet', 'origin', 'topic'],
      ],
      'BRANCH_EXISTS',
      /There is a branch topic already, which does not follow origin\/topic\./,
    ],
  ];
  for (const [what, prepare, code, text] of refusals) {
    it(`is refused ${what}, and nothing is made`, async () => {
      await addOrigin(project());
      for (const args of prepare) await project().git(...args);
      const window = await project().open();
      const before = await project().traces(window);
      const error = await window.create({ branch: 'origin/topic', command: ['cat'] }).catch((failure) => failure);
      const isSame = JSON.stringify(await project().traces(window)) === JSON.stringify(before);
      assert.deepEqual([error.code, text.test(error.text), isSame], [code, true, true]);
    });
  }

  it('is refused one that another worktree has, with the advice to adopt that', async () => {
    const other = path.join(await project().newFolder('other'), 'tree');
    await project().git('worktree', 'add', '--quiet', '-b', 'topic', other);
    const window = await project().open();
    const error = await window.create({ branch: 'topic', command: ['cat'] }).catch((failure) => failure);
    assert.deepEqual(
      [error.code, error.text, error.data],
      [
        'BRANCH_EXISTS',
        `The branch topic is checked out in ${other}. Choose another branch, or adopt that worktree.`,
        { branch: 'topic', path: other, isAdoptable: true },
      ],
    );
  });

  it('is refused one that git keeps for a worktree that was removed by hand, with the advice to forget that', async () => {
    const other = path.join(await project().newFolder('other'), 'tree');
    await project().git('worktree', 'add', '--quiet', '-b', 'topic', other);
    await rm(other, { recursive: true });
    const window = await project().open();
    const error = await window.create({ branch: 'topic', command: ['cat'] }).catch((failure) => failure);
    assert.deepEqual(
      [error.code, error.text, error.data.isAdoptable],
      [
        'BRANCH_EXISTS',
        `The branch topic is checked out in ${other}, which is not there any more. If that folder was removed, let git forget it with “git worktree prune” and try again.`,
        false,
      ],
    );
  });

  it('leaves nothing of one that follows a remote’s where its creation fails', async () => {
    const bare = await addOrigin(project());
    await pushTo(bare, 'topic');
    await project().git('fetch', '--quiet', 'origin');
    await writeHook(project(), 'post-checkout', 'exit 1');
    const window = await project().open();
    const before = await project().traces(window);
    await assert.rejects(window.create({ branch: 'origin/topic', command: ['cat'] }), { code: 'GIT_FAILED' });
    assert.deepEqual(await project().traces(window), before);
  });
});
