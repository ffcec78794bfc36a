import assert from 'node:assert/strict';
import { type DestroyPreview, destroyDialog } from '../../../src/core/destroyWords.ts';
import type { LostWork } from '../../../src/core/lostWork.ts';

const none = { count: 0, names: [] };
const nothing: LostWork = { uncommitted: none, untracked: none, ignored: none, unmerged: 0, inside: [] };

describe('what is asked before a session is destroyed', () => {
  const ask = (preview: Partial<DestroyPreview>, keepDays = 30) => {
    const given = { worktree: 'there' as const, loss: nothing, isRunning: false, base: 'main', isAdopted: false };
    const { detail, buttons } = destroyDialog({ ...given, ...preview }, { keepDays });
    return [...detail.split('\n'), `[${buttons.map(({ label }) => label).join('] [')}]`];
  };

  it('is only whether, where nothing would be lost', () => {
    assert.deepEqual(ask({ isRunning: true }), [
      'Its process will be ended. Its worktree is removed; nothing in it would be lost.',
      '[Destroy]',
    ]);
  });

  it('names all that would go, and offers to archive it first', () => {
    const loss: LostWork = {
      uncommitted: { count: 7, names: ['a', 'b', 'c', 'd', 'e', 'f'] },
      untracked: { count: 1, names: ['new.txt'] },
      ignored: { count: 2, names: ['.env', 'data/1.db'] },
      unmerged: 3,
      unpushed: 1,
      operation: 'rebase',
      inside: [],
    };
    assert.deepEqual(ask({ loss, isRunning: true }), [
      'With its worktree would go:',
      '• 7 uncommitted files: a, b, c, d, e and 2 more',
      '• 1 untracked file: new.txt',
      '• 3 commits that main does not have, 1 of them not pushed',
      '• 2 ignored files: .env, data/1.db',
      '• a rebase that is under way',
      '',
      'Its process will be ended.',
      '“Archive and Remove” keeps all of it in the repository for 30 days: “Restore Archived Session…” brings it back.',
      '“Remove” does the same without the ignored files, which are then lost.',
      '[Archive and Remove] [Keep the Worktree] [Remove]',
    ]);
  });

  const pushed: [unmerged: number, unpushed: number, told: string][] = [
    [1, 0, '• 1 commit that main does not have, which is pushed'],
    [1, 1, '• 1 commit that main does not have, which is not pushed'],
    [2, 0, '• 2 commits that main does not have, all of them pushed'],
    [2, 2, '• 2 commits that main does not have, none of them pushed'],
  ];
  for (const [unmerged, unpushed, told] of pushed) {
    it(`tells which commits are elsewhere: ${told.slice(2)}`, () => {
      const [, line] = ask({ loss: { ...nothing, unmerged, unpushed } });
      assert.equal(line, told);
    });
  }

  it('shows of long paths the ends, so that it fits on a screen', () => {
    const long = `${'folder/'.repeat(20)}file.txt`;
    const [, line = ''] = ask({ loss: { ...nothing, untracked: { count: 1, names: [long] } } });
    assert.equal(line, `• 1 untracked file: …${long.slice(-59)}`);
  });

  it('offers no removal without ignored files where there are none', () => {
    assert.deepEqual(ask({ loss: { ...nothing, unmerged: 1 } }, 0), [
      'With its worktree would go:',
      '• 1 commit that main does not have',
      '',
      '“Archive and Remove” keeps all of it in the repository until you delete it: “Restore Archived Session…” brings it back.',
      '[Archive and Remove] [Keep the Worktree]',
    ]);
  });

  it('is first whether to keep it, where it was there before the session', () => {
    assert.deepEqual(ask({ isAdopted: true }, 1), [
      'Its worktree was there before the session.',
      '“Archive and Remove” keeps all of it in the repository for 1 day: “Restore Archived Session…” brings it back.',
      '[Keep the Worktree] [Archive and Remove]',
    ]);
  });

  it('says that it is kept where another worktree lies in it', () => {
    assert.deepEqual(ask({ loss: { ...nothing, inside: ['/repo/.worktrees/a/b'] } }), [
      'The worktree /repo/.worktrees/a/b lies in it, so it is kept.',
      '[Destroy]',
    ]);
  });

  for (const [worktree, reason, said] of [
    ['none', undefined, 'Its folder stays as it is.'],
    ['gone', undefined, 'Its worktree is gone already.'],
    ['gone', '1 staged file', 'Its worktree is gone already. What is left of it is kept: 1 staged file.'],
    ['unknown', 'EIO', 'What is in its worktree cannot be told, so it may be kept: EIO.'],
  ] as const) {
    it(`says how it is with the worktree: ${said}`, () => {
      const { loss: _, ...preview } = { worktree, loss: nothing, isRunning: false, base: '', isAdopted: false };
      const { detail } = destroyDialog({ ...preview, ...(reason ? { reason } : {}) }, { keepDays: 30 });
      assert.equal(detail, said);
    });
  }
});
