import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ProcessFacts } from '../../../src/core/processFacts.ts';
import { nextUse, smooth, type UseAtLook } from '../../../src/core/resourceUse.ts';
import { scanOf } from './processes.ts';

const interval = 5_000;
type Told = Partial<ProcessFacts> & { pid: number };

describe('what a session uses', () => {
  it('is the sum of what its processes use, of which those that have ended are none', () => {
    const { use } = looks([
      [
        { pid: 10, rss: 100, cpu: 40 },
        { pid: 11, rss: 50, cpu: 2 },
        { pid: 12, hasEnded: true },
      ],
    ]);
    assert.deepEqual(use, { rss: 150, cpu: undefined, smoothCpu: undefined, cpuTime: 42, processes: 2 });
  });

  it('is nothing once all its processes have ended, while the time they spent stays', () => {
    const { use } = looks([[{ pid: 10, rss: 100, cpu: 40 }], []]);
    assert.deepEqual(use, { rss: 0, cpu: 0, smoothCpu: 0, cpuTime: 40, processes: 0 });
  });

  const times: [what: string, looks: Told[][], cpuTime: number][] = [
    ['grows as its processes work', [[{ pid: 10, cpu: 40 }], [{ pid: 10, cpu: 1040 }]], 1040],
    [
      'counts a new process',
      [
        [{ pid: 10, cpu: 40 }],
        [
          { pid: 10, cpu: 40 },
          { pid: 11, cpu: 500 },
        ],
      ],
      540,
    ],
    [
      'keeps that of one that has ended',
      [
        [
          { pid: 10, cpu: 40 },
          { pid: 11, cpu: 500 },
        ],
        [{ pid: 10, cpu: 50 }],
      ],
      550,
    ],
    [
      'is not that of the process which had a pid before',
      [
        [{ pid: 10 }, { pid: 11, cpu: 500 }],
        [{ pid: 10 }, { pid: 11, startTime: 'later', cpu: 7 }],
      ],
      507,
    ],
    [
      'counts one once that its parent is told of',
      [
        [
          { pid: 10, cpu: 40 },
          { pid: 11, parent: 10, cpu: 500 },
        ],
        [{ pid: 10, cpu: 40, childCpu: 600 }],
      ],
      640,
    ],
    [
      'counts those that no look has seen',
      [[{ pid: 10, cpu: 40, childCpu: 100 }], [{ pid: 10, cpu: 50, childCpu: 3100 }]],
      3150,
    ],
    [
      'counts one once that was told to its parent, and by that to the next',
      [
        [{ pid: 10 }, { pid: 11, parent: 10, cpu: 100 }, { pid: 12, parent: 11, cpu: 1000, childCpu: 10 }],
        [{ pid: 10, childCpu: 1110 }],
      ],
      1110,
    ],
    [
      'counts one once of which its parent hears late',
      [
        [{ pid: 10 }, { pid: 11, parent: 10, cpu: 500 }],
        [{ pid: 10 }, { pid: 11, parent: 10, cpu: 520, hasEnded: true }],
        [{ pid: 10, childCpu: 520 }],
      ],
      520,
    ],
    ['does not fall when the system counts back', [[{ pid: 10, cpu: 40 }], [{ pid: 10, cpu: 30 }]], 40],
  ];
  for (const [what, told, cpuTime] of times) {
    it(`in time ${what}`, () => assert.equal(looks(told).use.cpuTime, cpuTime));
  }

  it('in time never falls, whatever its processes do', () => {
    const told = fc.record({
      pid: fc.integer({ min: 10, max: 14 }),
      parent: fc.integer({ min: 9, max: 14 }),
      startTime: fc.constantFrom('1', '2'),
      cpu: fc.nat({ max: 1000 }),
      childCpu: fc.nat({ max: 1000 }),
    });
    fc.assert(
      fc.property(fc.array(fc.array(told), { minLength: 2, maxLength: 6 }), (seen) => {
        const spent = seen.map((_, index) => looks(seen.slice(0, index + 1)).use.cpuTime);
        assert.deepEqual(
          spent,
          [...spent].sort((a, b) => a - b),
        );
      }),
    );
  });
});

describe('the CPU use of a session', () => {
  const cases: [what: string, elapsed: number, cpu: number | undefined][] = [
    ['is the share of a core over the interval', 5_000, 50],
    ['is more than a whole core where several work', 500, 500],
    ['follows an interval that was late', 10_000, 25],
    ['is not known after the machine has slept', 3_600_000, undefined],
    ['is not known where the clock went back', -5_000, undefined],
    ['is not known where no time has passed', 0, undefined],
    ['is not known over a time that the system’s clock is too coarse for', 20, undefined],
  ];
  for (const [what, elapsed, cpu] of cases) {
    it(what, () => {
      const first = nextUse(undefined, { at: 0, processes: scanOf({ pid: 10, cpu: 100 }) }, { interval });
      const next = nextUse(first, { at: elapsed, processes: scanOf({ pid: 10, cpu: 2_600 }) }, { interval });
      assert.equal(next.use.cpu, cpu);
    });
  }

  it('is smoothed from the first that is known, and anew after a time that is not', () => {
    const work = [0, 5_000, 5_000, 5_000, 7_500];
    const at = [0, 5_000, 10_000, 3_600_000, 3_605_000];
    let last: UseAtLook | undefined;
    const smoothed = work.map((cpu, index) => {
      last = nextUse(last, { at: at[index] as number, processes: scanOf({ pid: 10, cpu }) }, { interval });
      return last.use.smoothCpu === undefined ? 'unknown' : Math.round(last.use.smoothCpu);
    });
    assert.deepEqual(smoothed, ['unknown', 100, 85, 'unknown', 50]);
  });
});

describe('smoothing', () => {
  const timeConstant = 30_000;

  it('has followed a change by 63 % after its time constant', () => {
    assert.equal(smooth(0, 100, { elapsed: timeConstant, timeConstant }).toFixed(1), '63.2');
  });

  it('comes to the same in one step as in two, however they divide it', () => {
    const time = fc.double({ min: 1, max: 100_000, noNaN: true });
    const value = fc.double({ min: 0, max: 6_400, noNaN: true });
    fc.assert(
      fc.property(value, value, time, time, (before, now, first, second) => {
        const whole = smooth(before, now, { elapsed: first + second, timeConstant });
        const half = smooth(before, now, { elapsed: first, timeConstant });
        const parts = smooth(half, now, { elapsed: second, timeConstant });
        assert.ok(Math.abs(whole - parts) < 1e-6, `${whole} is not ${parts}`);
      }),
    );
  });
});

/** Looks that follow each other as planned. */
function looks(told: readonly Told[][]): UseAtLook {
  let last: UseAtLook | undefined;
  for (const [index, processes] of told.entries()) {
    last = nextUse(last, { at: index * interval, processes: scanOf(...processes) }, { interval });
  }
  return last as UseAtLook;
}
