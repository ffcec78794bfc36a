import assert from 'node:assert/strict';
import { isOverdue } from '../../../src/core/overdue.ts';

describe('an answer that did not come within five seconds', () => {
  const cases: [when: string, wall: number, monotonic: number, overdue: boolean][] = [
    ['that passed by both clocks', 5_003, 5_001, true],
    ['that passed a little late', 6_500, 6_500, true],
    ['through most of which the machine slept', 3_600_000, 5_001, false],
    ['while the user’s clock was set back', -3_595_000, 5_001, false],
    ['that the waiter itself was stopped in', 65_000, 65_000, false],
    ['that a clock counted which goes on during sleep', 65_000, 5_001, false],
  ];
  for (const [when, wall, monotonic, overdue] of cases) {
    it(`${when} ${overdue ? 'is overdue' : 'says nothing'}`, () => {
      assert.equal(isOverdue(5_000, { wall, monotonic }), overdue);
    });
  }
});
