import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { HungUpGroups } from '../../../src/host/hungUpGroups.ts';

describe('process groups that were told to end', () => {
  let alive: Set<number>;
  let looks: number;
  let groups: HungUpGroups;
  let ended: boolean;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    alive = new Set([1, 2]);
    looks = 0;
    groups = new HungUpGroups((group) => {
      looks++;
      return alive.has(group);
    });
    ended = false;
  });
  afterEach(() => mock.timers.reset());

  it('have ended once none is left', async () => {
    wait([1, 2, 3]);
    await pass(1_000);
    alive.delete(1);
    await pass(1_000);
    const before = ended;
    alive.clear();
    await pass(100);
    assert.deepEqual([before, ended], [false, true]);
  });

  it('are forgotten once they have ended, also where others get their numbers', async () => {
    wait([1, 2]);
    alive.delete(1);
    await pass(100);
    alive.add(1);
    assert.deepEqual([...groups.alive], [2]);
    alive.clear();
    await pass(100);
  });

  it('have not ended because they were killed, and are then looked at less and less often', async () => {
    wait([1]);
    groups.killed();
    await pass(20_000);
    looks = 0;
    await pass(10_000);
    const before = ended;
    alive.clear();
    await pass(1_000);
    assert.deepEqual([looks <= 12, before, ended], [true, false, true], `${looks} looks`);
  });

  function wait(told: number[]): void {
    groups.add(told);
    void groups.ended().then(() => {
      ended = true;
    });
  }

  async function pass(ms: number): Promise<void> {
    for (let at = 0; at < ms; at += 50) {
      mock.timers.tick(50);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});
