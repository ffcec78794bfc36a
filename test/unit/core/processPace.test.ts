import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ProcessPace } from '../../../src/core/processPace.ts';

const pace = { perSecond: 0.9, burst: 30 };

describe('the pace of processes', () => {
  it('lets so many begin at once, and the next one when its turn has come', () => {
    const paced = new ProcessPace(pace);
    const waits = Array.from({ length: 31 }, () => begin(paced, 0));
    assert.deepEqual([waits.slice(0, 30).every((wait) => wait === 0), waits[30]], [true, 1_112]);
  });

  it('is no more than one a second in any five minutes, whatever is asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 300, maxLength: 500 }), (pauses) => {
        const begun = times(pauses);
        const most = Math.max(...begun.map((at) => begun.filter((one) => one >= at && one < at + 300_000).length));
        assert.ok(most <= 300, `${most} in five minutes`);
      }),
    );
  });

  it('gives what takes twenty seconds a rest of thirty', () => {
    const paced = new ProcessPace({ perSecond: 2 / 3, burst: 1 });
    begin(paced, 0);
    paced.end(20_000, 20_000);
    assert.equal(paced.wait(20_000), 28_500);
  });
});

function begin(paced: ProcessPace, now: number): number {
  const wait = paced.wait(now);
  paced.begin(now + wait);
  return wait;
}

/** When processes begin that are each asked for so long after the one before has begun. */
function times(pauses: readonly number[]): number[] {
  const paced = new ProcessPace(pace);
  let now = 0;
  return pauses.map((pause) => {
    now += pause;
    now += begin(paced, now);
    return now;
  });
}
