import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HeartbeatMonitor, judgeHeartbeat } from '../../../src/core/heartbeat.ts';

const second = 1_000;
const day = 24 * 60 * 60 * second;

describe('the heartbeat of a host', () => {
  const silences: [silence: number, verdict: string][] = [
    [0, 'answers'],
    [6 * second, 'answers'],
    [6 * second + 1, 'suspect'],
    [11 * second, 'suspect'],
    [11 * second + 1, 'unresponsive'],
    [day, 'unresponsive'],
  ];
  for (const [silence, verdict] of silences) {
    it(`counts as ${verdict} after ${silence / second} s`, () => assert.equal(judgeHeartbeat(silence), verdict));
  }

  it('is missing by so much as has passed since its last answer', () => {
    const monitor = new HeartbeatMonitor();
    monitor.answered('a', 10 * second);
    assert.deepEqual([monitor.silence('a', 17 * second), monitor.silence('b', 17 * second)], [7 * second, undefined]);
  });

  it('is not missing while the observer itself was stopped, or the machine slept', () => {
    const monitor = new HeartbeatMonitor();
    monitor.beat(0);
    monitor.answered('a', 0);
    const isStalled = monitor.beat(60 * second);
    assert.deepEqual([isStalled, monitor.silence('a', 60 * second)], [true, 0]);
  });

  it('is missing again as soon as it would be anew after the observer has gone on', () => {
    const monitor = new HeartbeatMonitor();
    monitor.beat(0);
    monitor.answered('a', 0);
    monitor.beat(day);
    const stalls = [5, 10, 15].map((later) => monitor.beat(day + later * second));
    const silence = monitor.silence('a', day + 15 * second) ?? 0;
    assert.deepEqual([stalls, judgeHeartbeat(silence)], [[false, false, false], 'unresponsive']);
  });

  it('is not counted of one that was forgotten', () => {
    const monitor = new HeartbeatMonitor();
    monitor.answered('a', 0);
    monitor.forget('a');
    monitor.beat(0);
    monitor.beat(day);
    assert.equal(monitor.silence('a', day), undefined);
  });

  it('is never missing of hosts that answer at every beat, however late the beats are', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: day })), (pauses) => {
        const monitor = new HeartbeatMonitor();
        let now = 0;
        monitor.beat(now);
        return pauses.every((pause) => {
          monitor.answered('a', now);
          now += pause;
          monitor.beat(now);
          return judgeHeartbeat(monitor.silence('a', now) ?? 0) !== 'unresponsive';
        });
      }),
    );
  });
});
