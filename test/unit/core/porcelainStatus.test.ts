import assert from 'node:assert/strict';
import { parseStatus } from '../../../src/core/porcelainStatus.ts';

const hash = 'a'.repeat(40);
const head = [`# branch.oid ${hash}`, '# branch.head feature/x'];
const modes = '100644 100644 100644';
const ids = `${hash} ${hash}`;

function read(...entries: string[]) {
  return parseStatus([...entries, ''].join('\0'));
}

describe('what git says of a worktree', () => {
  it('is nothing where nothing was changed', () => {
    assert.deepEqual(read(...head), {
      head: hash,
      branch: 'feature/x',
      changed: 0,
      staged: 0,
      untracked: 0,
      conflicted: 0,
      uncommitted: 0,
      paths: [],
    });
  });

  it('is a branch without a commit, and a commit without a branch', () => {
    const unborn = read('# branch.oid (initial)', '# branch.head main');
    const detached = read(`# branch.oid ${hash}`, '# branch.head (detached)');
    assert.deepEqual(
      [unborn, detached].map(({ head: commit, branch }) => [commit, branch]),
      [
        [null, 'main'],
        [hash, null],
      ],
    );
  });

  const counted: [what: string, entries: string[], counts: string][] = [
    ['changed on disk alone', [`1 .M N... ${modes} ${ids} a`], '1 changed 0 staged 0 untracked 0 conflicted 1 in all'],
    ['staged alone', [`1 A. N... ${modes} ${ids} a`], '0 changed 1 staged 0 untracked 0 conflicted 1 in all'],
    [
      'staged and changed again',
      [`1 MM N... ${modes} ${ids} a`],
      '1 changed 1 staged 0 untracked 0 conflicted 1 in all',
    ],
    [
      'taken out of the index alone',
      [`1 D. N... ${modes} ${ids} a`, '? a'],
      '0 changed 1 staged 1 untracked 0 conflicted 1 in all',
    ],
    ['deleted', [`1 .D N... ${modes} ${ids} a`], '1 changed 0 staged 0 untracked 0 conflicted 1 in all'],
    ['renamed', [`2 R. N... ${modes} ${ids} R100 b`, 'a'], '0 changed 1 staged 0 untracked 0 conflicted 1 in all'],
    [
      'in conflict',
      [`u UU N... ${modes} 100644 ${ids} ${hash} a`],
      '0 changed 0 staged 0 untracked 1 conflicted 1 in all',
    ],
    ['unknown to git', ['? a', '? b'], '0 changed 0 staged 2 untracked 0 conflicted 2 in all'],
    ['ignored', ['! a'], '0 changed 0 staged 0 untracked 0 conflicted 0 in all'],
    [
      'a submodule with changes',
      [`1 .M S..U 160000 160000 160000 ${ids} sub`],
      '1 changed 0 staged 0 untracked 0 conflicted 1 in all',
    ],
  ];
  for (const [what, entries, counts] of counted) {
    it(`counts a file that is ${what}`, () => {
      const { changed, staged, untracked, conflicted, uncommitted } = read(...head, ...entries);
      const told = `${changed} changed ${staged} staged ${untracked} untracked ${conflicted} conflicted`;
      assert.equal(`${told} ${uncommitted} in all`, counts);
    });
  }

  it('names files with spaces, newlines and other alphabets as they are, and both names of a renamed one', () => {
    const { paths } = read(
      ...head,
      `1 .M N... ${modes} ${ids} a  b`,
      `2 R. N... ${modes} ${ids} R90 neu é.txt`,
      '? old name',
      '? line\nbreak',
      `u UU N... ${modes} 100644 ${ids} ${hash} in conflict`,
    );
    assert.deepEqual(paths, ['a  b', '? old name', 'neu é.txt', 'line\nbreak', 'in conflict']);
  });
});
