import assert from 'node:assert/strict';
import path from 'node:path';
import { fetchSources, surveySources } from '../../src/client/sourceSurvey.ts';
import { findCommit, listRefs } from '../../src/node/refs.ts';
import { describeOnUnix } from '../support/unix.ts';
import { useProject, withEnvironment } from './support/project.ts';
import { addOrigin, commitFile, pushTo } from './support/remote.ts';

describeOnUnix('the survey of what a session can work on', () => {
  const project = useProject();

  it('has what is checked out, the default branch, the remotes, and the worktrees that no session has', async () => {
    await addOrigin(project());
    const tree = path.join(await project().newFolder('by hand'), 'tree');
    await project().git('worktree', 'add', '--quiet', '-b', 'by-hand', tree);
    await project().git('checkout', '--quiet', '-b', 'topic');
    const window = await project().open();
    await window.create({ command: ['cat'] });
    const { head, ...others } = (await surveySources(window)) ?? {};
    assert.deepEqual(
      [head?.ref, others],
      [
        'topic',
        {
          main: 'main',
          worktrees: [{ path: tree, branch: 'by-hand', head: await project().git('rev-parse', 'main') }],
          remotes: ['origin'],
          base: 'head',
        },
      ],
    );
  });

  it('has refs with when, where and what they follow, the last first, and no remote’s HEAD', async () => {
    const bare = await addOrigin(project());
    await withEnvironment({ GIT_COMMITTER_DATE: '2099-01-01T00:00:00Z' }, () => pushTo(bare, 'topic-ü'));
    await project().git('fetch', '--quiet', 'origin');
    await project().git('branch', '--set-upstream-to=origin/main');
    await project().git('tag', '--annotate', '--message=the first', 'v1');
    const refs = await listRefs(project().folder);
    assert.deepEqual(
      refs.map(({ date, ...ref }) => ({ ...ref, isDated: !Number.isNaN(Date.parse(date)) })),
      [
        {
          kind: 'branch',
          name: 'main',
          subject: 'Commit 1',
          worktree: project().folder,
          upstream: 'origin/main',
          isDated: true,
        },
        { kind: 'remote', name: 'origin/topic-ü', subject: 'on topic-ü', isDated: true },
        { kind: 'remote', name: 'origin/main', subject: 'Commit 1', isDated: true },
        { kind: 'tag', name: 'v1', subject: 'the first', isDated: true },
      ],
    );
  });

  it('finds the commit that a text names', async () => {
    const commit = await project().git('rev-parse', 'HEAD');
    await commitFile(project().folder, 'later');
    const found = [await findCommit(project().folder, 'main~1'), await findCommit(project().folder, 'dead')];
    assert.deepEqual(found, [{ commit, subject: 'Commit 1' }, undefined]);
  });

  it('has what is new at the remote after a fetch', async () => {
    const bare = await addOrigin(project());
    await pushTo(bare, 'new');
    await fetchSources(project().folder, ['origin'], new AbortController().signal);
    const refs = await listRefs(project().folder);
    assert.equal(
      refs.some(({ name }) => name === 'origin/new'),
      true,
    );
  });
});

describeOnUnix('the survey of a folder without git', () => {
  const project = useProject('folder');

  it('has nothing', async () => {
    assert.equal(await surveySources(await project().open()), undefined);
  });
});
