import assert from 'node:assert/strict';
import { ResourceHistory } from '../../../src/core/resourceHistory.ts';

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

/** With `count` samples, of which the nth was taken after n times 5 s. */
function filled(count: number, capacity: number): ResourceHistory {
  const history = new ResourceHistory(capacity);
  for (let n = 0; n < count; n++) {
    history.add(n * 5_000, { rss: n * 1024, cpu: n, smoothCpu: n, cpuTime: 0, processes: 1 });
  }
  return history;
}
