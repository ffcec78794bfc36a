import assert from 'node:assert/strict';
import { ResourceHistory, sparkline } from '../../../src/core/resourceHistory.ts';

describe('the history of what a session used', () => {
  it('holds the last hour and no more', () => {
    const history = filled(1_000, 720);
    const times = history.since(0).map(({ at }) => at);
    assert.deepEqual([history.size, times[0], times.at(-1)], [720, 280 * 5_000, 999 * 5_000]);
  });

  it('tells what there was since a moment, the oldest first', () => {
    assert.deepEqual(filled(5, 3).since(15_000), [
      { at: 15_000, rss: 3 * 1024, cpu: 3, processes: 1 },
      { at: 20_000, rss: 4 * 1024, cpu: 4, processes: 1 },
    ]);
  });

  it('is empty before there is anything', () => {
    assert.deepEqual(new ResourceHistory().since(0), []);
  });

  it('tells that a CPU use was not known', () => {
    const history = new ResourceHistory(3);
    history.add(1, { rss: 1, cpu: undefined, smoothCpu: undefined, cpuTime: 0, processes: 1 });
    assert.deepEqual(history.since(0), [{ at: 1, rss: 1, cpu: undefined, processes: 1 }]);
  });
});

describe('a line of what a session used', () => {
  const samples = [
    { at: 0, rss: 10, cpu: 100, processes: 1 },
    { at: 40, rss: 30, cpu: 0, processes: 1 },
    { at: 45, rss: 20, cpu: undefined, processes: 1 },
    { at: 150, rss: 5, cpu: undefined, processes: 1 },
    { at: 199, rss: 6, cpu: 8, processes: 1 },
    { at: 200, rss: 99, cpu: 99, processes: 1 },
  ];

  it('has the most memory and the average work of each part, and gaps where nothing was seen', () => {
    assert.deepEqual(sparkline(samples, { from: 0, to: 200, points: 4 }), [
      { rss: 30, cpu: 50 },
      { rss: undefined, cpu: undefined },
      { rss: undefined, cpu: undefined },
      { rss: 6, cpu: 8 },
    ]);
  });

  it('has as many points as there is room for, also without samples', () => {
    const empty = { rss: undefined, cpu: undefined };
    assert.deepEqual(sparkline([], { from: 0, to: 10, points: 2 }), [empty, empty]);
  });
});

/** With `count` samples, of which the nth was taken after n times 5 s. */
function filled(count: number, capacity: number): ResourceHistory {
  const history = new ResourceHistory(capacity);
  for (let n = 0; n < count; n++) {
    history.add(n * 5_000, { rss: n * 1024, cpu: n, smoothCpu: n, cpuTime: 0, processes: 1 });
  }
  return history;
}
