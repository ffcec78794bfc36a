import assert from 'node:assert/strict';
import { changedBoth, makesRoom, parseChanges, parseStatusFiles } from '../../../src/core/localChanges.ts';
import { squashMessage, subjectOf, tidyMessage } from '../../../src/core/mergeMessage.ts';
import { describeConflicts, describeMerged } from '../../../src/core/mergePlan.ts';
import { parseMergeTree } from '../../../src/core/mergeTree.ts';
import { parseUncommitted } from '../../../src/core/worktreeStatus.ts';

describe('what git tells of a merge that touches nothing', () => {
  it('is its tree where all fits', () => {
    assert.deepEqual(parseMergeTree('4b825dc\0'), { tree: '4b825dc', conflicts: [] });
  });

  it('is its tree also where it tells what it has merged by itself', () => {
    const output = '4b825dc\0\x001\0a\0Auto-merging\0Auto-merging a\n\0';
    assert.deepEqual(parseMergeTree(output), { tree: '4b825dc', conflicts: [] });
  });

  it('are the files in conflict, each once, and why', () => {
    const messages = [
      ['1', 'a b', 'Auto-merging', 'Auto-merging a b\n'],
      ['1', 'a b', 'CONFLICT (contents)', 'CONFLICT (content): Merge conflict in a b\n'],
      ['2', 'new', 'old', 'CONFLICT (rename/delete)', 'CONFLICT (rename/delete): old renamed to new\n'],
    ];
    const output = ['4b825dc', 'a b', 'new', 'new', '', ...messages.flat(), ''].join('\0');
    assert.deepEqual(parseMergeTree(output).conflicts, [
      { file: 'a b', what: 'Merge conflict in a b' },
      { file: 'new', what: 'old renamed to new' },
    ]);
  });
});

describe('the message of a squashed branch', () => {
  it('is that of its only commit', () => {
    assert.equal(squashMessage('login', ['One\n\nBody\n']), 'One\n\nBody');
  });

  it('lists what several were about', () => {
    assert.equal(squashMessage('login', ['One\nand a half\n\nBody', 'Two']), 'login\n\n* One and a half\n* Two');
  });

  it('has a title where its only commit has no message', () => {
    assert.equal(squashMessage('login', ['\n']), 'login\n\n* ');
  });

  it('is tidied as git does', () => {
    assert.deepEqual([tidyMessage(' a \r\n\n\n\nb\n\n'), subjectOf('a\nb\n\nc')], ['a\n\nb\n', 'a b']);
  });
});

describe('what is in the way of a merge', () => {
  it('is what both have changed', () => {
    const changes = parseChanges('M\0a b\0A\0new\0D\0gone\0T\0link\0');
    const dirty = parseStatusFiles(' M a b\0A  other\0 D gone\0');
    assert.deepEqual(changedBoth(dirty, changes), ['a b', 'gone']);
  });

  const rooms: [added: string, deleted: string, ignoresCase: boolean, room: boolean][] = [
    ['README', 'readme', true, true],
    ['README', 'readme', false, false],
    ['a/b', 'a', false, true],
    ['a', 'a/b', false, true],
    ['a', 'ab', false, false],
  ];
  for (const [added, deleted, ignoresCase, room] of rooms) {
    it(`is ${room ? 'not ' : ''}what lies where ${added} comes and ${deleted} goes${ignoresCase ? ' in any case' : ''}`, () => {
      assert.equal(makesRoom(added, [{ kind: 'deleted', file: deleted }], ignoresCase), room);
    });
  }
});

describe('what is not committed', () => {
  it('is told by kind, with names of any kind', () => {
    const hash = '0123456789012345678901234567890123456789';
    const ordinary = (xy: string, sub: string, file: string) =>
      `1 ${xy} ${sub} 100644 100644 100644 ${hash} ${hash} ${file}`;
    const output = [
      ordinary('.M', 'N...', 'a b'),
      ordinary('A.', 'N...', 'new\nline'),
      ordinary('.M', 'SC..', 'moved module'),
      ordinary('.M', 'S.M.', 'dirty module'),
      ordinary('.M', 'SCMU', 'both'),
      `u UU N... 100644 100644 100644 100644 ${hash} ${hash} ${hash} con flict`,
      '? un tracked',
      '? nested/',
      '',
    ].join('\0');
    assert.deepEqual(parseUncommitted(output), {
      changed: ['a b', 'new\nline', 'moved module', 'both'],
      untracked: ['un tracked'],
      conflicts: ['con flict'],
      nested: ['nested/'],
      submodules: ['dirty module', 'both'],
    });
  });
});

describe('a merge in words', () => {
  it('tells what was done', () => {
    const outcome = { branch: 'feature/x', into: 'main', from: 'a', to: 'b', commits: 2, files: 1 };
    assert.deepEqual(
      [
        describeMerged({ ...outcome, how: 'merge' }),
        describeMerged({ ...outcome, how: 'rebase', commits: 1, checkout: '/repo' }),
      ],
      [
        'Merged 2 commits of feature/x into main (1 file).',
        'Put 1 commit of feature/x on top of main (1 file, updated in /repo).',
      ],
    );
  });

  it('names so many conflicts as there is room for, and the commit that does not fit', () => {
    const conflicts = Array.from({ length: 12 }, (_, at) => ({ file: `f${at}`, what: `Merge conflict in f${at}` }));
    assert.deepEqual(
      [describeConflicts(conflicts).at(-1), describeConflicts([{ file: 'a', what: 'odd', commit: 'One' }])],
      ['and 2 more', ['a: odd (“One”)']],
    );
  });
});
