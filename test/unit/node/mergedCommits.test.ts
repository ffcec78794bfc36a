import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isMerged } from '../../../src/node/mergedCommits.ts';
import { git, makeRepository } from '../../support/repository.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

describe('whether a base has what was done on a branch', () => {
  const dirs = useTempDirs();
  let root: string;
  beforeEach(async () => {
    root = await makeRepository(await dirs.make('project'));
    await git(root, 'checkout', '--quiet', '-b', 'topic');
    await commit('one.txt', 'one');
    await commit('two.txt', 'two');
    await git(root, 'checkout', '--quiet', 'main');
    await commit('other.txt', 'other');
  });

  const commit = async (name: string, text: string) => {
    await writeFile(path.join(root, name), text);
    await git(root, 'add', '.');
    await git(root, 'commit', '--quiet', `--message=${text}`);
  };
  const merged = async () =>
    isMerged(root, await git(root, 'rev-parse', 'topic'), await git(root, 'rev-parse', 'main'));

  it('it has not where nobody merged it', async () => {
    assert.equal(await merged(), false);
  });

  const merges: [how: string, merge: () => Promise<unknown>][] = [
    ['a merge', () => git(root, 'merge', '--quiet', '--no-edit', 'topic')],
    [
      'a squash merge',
      async () => {
        await git(root, 'merge', '--quiet', '--squash', 'topic');
        await git(root, 'commit', '--quiet', '--message=squashed');
      },
    ],
    ['cherry-picks', () => git(root, 'cherry-pick', 'topic~1', 'topic')],
  ];
  for (const [how, merge] of merges) {
    it(`it has after ${how}, also where it went on`, async () => {
      await merge();
      await commit('later.txt', 'later');
      assert.equal(await merged(), true);
    });
  }

  it('it has after a squash merge of a branch that had taken in the base', async () => {
    await git(root, 'checkout', '--quiet', 'topic');
    await git(root, 'merge', '--quiet', '--no-edit', 'main');
    await commit('three.txt', 'three');
    await git(root, 'checkout', '--quiet', 'main');
    await git(root, 'merge', '--quiet', '--squash', 'topic');
    await git(root, 'commit', '--quiet', '--message=squashed');
    assert.equal(await merged(), true);
  });

  it('it has not where only a part was picked', async () => {
    await git(root, 'cherry-pick', 'topic~1');
    assert.equal(await merged(), false);
  });

  it('it has not where the branch went on after its squash merge', async () => {
    await git(root, 'merge', '--quiet', '--squash', 'topic');
    await git(root, 'commit', '--quiet', '--message=squashed');
    await git(root, 'checkout', '--quiet', 'topic');
    await commit('three.txt', 'three');
    await git(root, 'checkout', '--quiet', 'main');
    assert.equal(await merged(), false);
  });

  it('it has not where the branch has taken back all that it did', async () => {
    await git(root, 'checkout', '--quiet', 'topic');
    await git(root, 'revert', '--no-edit', 'HEAD', 'HEAD~1');
    await git(root, 'checkout', '--quiet', 'main');
    assert.equal(await merged(), false);
  });
});
