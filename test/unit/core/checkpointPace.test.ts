import assert from 'node:assert/strict';
import { nextCheckpointAt, restAfter } from '../../../src/core/checkpointPace.ts';

describe('when a session’s next checkpoint is saved', () => {
  const cases: [what: string, firstChange: number, lastChange: number, notBefore: number, at: number][] = [
    ['a quarter of a second after a change', 1_000, 1_000, 0, 1_250],
    ['a quarter of a second after the last of several', 1_000, 1_800, 0, 2_050],
    ['five seconds after the first where they go on', 1_000, 5_990, 0, 6_000],
    ['not before its pause is over', 1_000, 1_000, 9_000, 9_000],
  ];
  for (const [what, firstChange, lastChange, notBefore, at] of cases) {
    it(`is ${what}`, () => assert.equal(nextCheckpointAt({ firstChange, lastChange, notBefore }), at));
  }

  it('leaves nineteen parts of the time and more to the session itself', () => {
    assert.ok(40 / (40 + restAfter(40)) <= 0.05);
  });

  it('is put off by no more than five seconds, however long a busy disk took for the one before', () => {
    assert.deepEqual([250, 251, 3_000].map(restAfter), [5_000, 5_000, 5_000]);
  });
});
