import assert from 'node:assert/strict';
import { judgeArchives, type Overdue } from '../../../src/core/archiveRetention.ts';

const archives = [
  { commit: 'old', archivedAt: '2026-01-01T00:00:00.000Z' },
  { commit: 'new', archivedAt: '2026-01-30T00:00:00.000Z' },
];
const now = new Date('2026-02-10T00:00:00.000Z');

describe('how long archives are kept', () => {
  const judge = (overdue: Overdue, keepDays = 30) => {
    const verdict = judgeArchives(archives, { keepDays, now, overdue });
    return [verdict.expired.map(({ commit }) => commit), verdict.overdue];
  };

  it('an old one goes once it was seen as too old on three days', () => {
    assert.deepEqual(judge({ old: ['2026-02-01', '2026-02-03'] }), [['old'], {}]);
  });

  it('a clock that jumps deletes nothing: the first day is only noted', () => {
    assert.deepEqual(judge({}), [[], { old: ['2026-02-10'] }]);
  });

  it('several looks on one day count as one', () => {
    assert.deepEqual(judge({ old: ['2026-02-10'] }), [[], { old: ['2026-02-10'] }]);
  });

  it('with 0 days all are kept for ever, and what was noted is forgotten', () => {
    assert.deepEqual(judge({ old: ['2026-02-01', '2026-02-03'] }, 0), [[], {}]);
  });
});
