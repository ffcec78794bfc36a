import assert from 'node:assert/strict';
import { changesDelta, withDelta } from '../../../src/core/worktreeChanges.ts';
import type { ChangesReport, Overlap, WorktreeChanges } from '../../../src/protocol/changes.ts';
import { someChanges } from '../changes.ts';

const overlap: Overlap = { ids: ['a', 'b'], files: ['x'], count: 1, merge: { state: 'clean' } };

function report(sessions: WorktreeChanges[], overlaps: Overlap[] = []): ChangesReport {
  return { at: '2026-03-10T12:00:00.000Z', sessions, overlaps };
}

describe('what is told of the worktrees', () => {
  it('is nothing where they were only looked at again', () => {
    const later = someChanges({ id: 'a', at: '2026-03-10T13:00:00.000Z' });
    assert.equal(changesDelta(report([someChanges({ id: 'a' })]), report([later])), undefined);
  });

  it('is what differs, what is gone, and the overlaps where one differs', () => {
    const before = report([someChanges({ id: 'a' }), someChanges({ id: 'b' }), someChanges({ id: 'c' })]);
    const next = report([someChanges({ id: 'a' }), someChanges({ id: 'b', staged: 1 })], [overlap]);
    const delta = changesDelta(before, next);
    assert.deepEqual([delta?.sessions.map(({ id }) => id), delta?.gone, delta?.overlaps], [['b'], ['c'], [overlap]]);
  });

  it('leads from what was known to what is', () => {
    const before = report([someChanges({ id: 'a' }), someChanges({ id: 'c' })], [overlap]);
    const next = report([someChanges({ id: 'a', untracked: 2 }), someChanges({ id: 'b' })]);
    const delta = changesDelta(before, next);
    assert.deepEqual(delta && withDelta(before, delta), next);
  });
});
