import assert from 'node:assert/strict';
import {
  changesMark,
  describeChanges,
  describeOverlaps,
  spokenChanges,
} from '../../../src/core/changesPresentation.ts';
import type { KnownChanges, MergeForecast, Overlap, WorktreeChanges } from '../../../src/protocol/changes.ts';
import { someChanges } from '../changes.ts';

const base = { ref: 'main', commit: 'b'.repeat(40) };
const gone: WorktreeChanges = { id: 'a', at: '', state: 'gone', why: 'its worktree is not there' };

function overlap(merge: MergeForecast, files = ['src/a.ts']): Overlap {
  return { ids: ['a', 'b'], files, count: files.length, merge };
}

describe('what was done, as it is shown', () => {
  const shown: [changes: Partial<KnownChanges>, mark: string, words: string][] = [
    [{}, '', 'nothing was changed'],
    [{ changed: 3, uncommitted: 3 }, '●3', '3 changed'],
    [
      { changed: 2, staged: 1, untracked: 2, uncommitted: 5, base: { ...base, ahead: 2, behind: 1 }, commits: 2 },
      '●5 ↑2 ↓1',
      '2 changed, 1 staged, 2 untracked; 2 commits ahead of main, 1 behind',
    ],
    [
      { operation: { kind: 'rebase', step: 2, total: 5 }, branch: null, conflicted: 1, changed: 1, uncommitted: 2 },
      'rebasing 2/5 !1 ●1',
      '1 conflict, 1 changed; rebase in progress (2/5)',
    ],
    [{ operation: { kind: 'merge' } }, 'merging', 'merge in progress'],
    [{ branch: null }, '', 'no branch is checked out'],
    [{ base: { ...base, ahead: 0, behind: 4 } }, '↓4', '4 commits behind main'],
    [{ base: { ...base, ahead: 5, behind: 0 }, commits: 2 }, '↑5', '5 commits ahead of main, 2 since it began'],
  ];
  for (const [changes, mark, words] of shown) {
    it(`is “${mark}” in a row, and “${words}” in words`, () => {
      const known = someChanges(changes);
      assert.deepEqual([changesMark({ changes: known, overlaps: [] }), describeChanges(known)], [mark, words]);
    });
  }

  it('tells the commits since its begin where its base is gone', () => {
    const { base: _, ...changes } = someChanges({ commits: 2 });
    assert.deepEqual(
      [changesMark({ changes, overlaps: [] }), describeChanges(changes)],
      ['↑2', '2 commits since it began'],
    );
  });

  it('is not nothing where it is not known', () => {
    assert.deepEqual(
      [
        changesMark({ changes: gone, overlaps: [] }),
        describeChanges(gone),
        changesMark({ changes: undefined, overlaps: [] }),
      ],
      ['? worktree is gone', 'not known: its worktree is not there', ''],
    );
  });

  it('has a mark for another session that changes the same files, and one for a conflict', () => {
    const changes = someChanges({ uncommitted: 1, changed: 1 });
    const marks = (['clean', 'pending', 'conflicts', 'unknown'] as const).map((state) =>
      changesMark({ changes, overlaps: [overlap({ state })] }),
    );
    assert.deepEqual(marks, ['●1 ∩', '●1 ∩', '●1 ⚠', '●1 ∩']);
  });

  it('is read out in words', () => {
    const changes = someChanges({ uncommitted: 1, changed: 1 });
    assert.equal(
      spokenChanges({ changes, overlaps: [overlap({ state: 'clean' })] }),
      '1 changed, changes the same files as 1 other session',
    );
  });

  const lines: [overlap: Overlap, line: string][] = [
    [overlap({ state: 'clean' }), 'also changed by login: src/a.ts; what is committed would merge'],
    [overlap({ state: 'pending' }, ['a', 'b', 'c']), 'also changed by login: a and 2 more; not compared yet'],
    [overlap({ state: 'conflicts', files: ['a'] }, ['a']), 'also changed by login: a; would conflict in a'],
    [overlap({ state: 'conflicts', files: ['a', 'b'] }, []), 'login is in the way; would conflict in a and 1 more'],
    [
      overlap({ state: 'unknown', why: 'git 2.38 or newer is needed to tell' }, ['a']),
      'also changed by login: a; whether it would conflict is not known: git 2.38 or newer is needed to tell',
    ],
  ];
  for (const [met, line] of lines) {
    it(`tells of another session: ${line}`, () =>
      assert.deepEqual(
        describeOverlaps({ id: 'a' }, [met], () => 'login'),
        [line],
      ));
  }
});
