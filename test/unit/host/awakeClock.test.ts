import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { AwakeClock } from '../../../src/host/awakeClock.ts';
import type { Pty } from '../../../src/host/pty.ts';
import { Screen } from '../../../src/host/screen.ts';
import { SessionHost } from '../../../src/host/sessionHost.ts';
import type { Transcript } from '../../../src/host/transcript.ts';

const second = 1_000;
const hour = 3_600 * second;

describe('the time that a session’s limits go by', () => {
  let monotonic: number;
  let clock: AwakeClock;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setInterval'] });
    monotonic = 7 * hour;
    clock = new AwakeClock(() => monotonic);
  });

  afterEach(() => {
    clock.dispose();
    mock.timers.reset();
  });

  const pass = (seconds: number) => {
    for (let passed = 0; passed < seconds; passed++) {
      monotonic += second;
      mock.timers.tick(second);
    }
  };
  const sleep = () => {
    monotonic += 8 * hour;
  };

  it('goes on while nobody asks, and not while the machine sleeps', () => {
    const begun = clock.now();
    pass(600);
    const awake = clock.now() - begun;
    sleep();
    const woken = clock.now() - begun;
    pass(600);
    assert.deepEqual(
      [awake, woken, clock.now() - begun],
      [600, 600, 1_200].map((seconds) => seconds * second),
    );
  });

  it('goes on while the machine is only busy', () => {
    const begun = clock.now();
    monotonic += 20 * second;
    assert.equal(clock.now() - begun, 20 * second);
  });

  it('is what its host tells', () => {
    const event = () => ({ dispose: () => undefined });
    const pty = { pid: 1, onData: event, onExit: event } as unknown as Pty;
    const screen = new Screen({ cols: 80, rows: 24, scrollback: 10, theme: 'dark' });
    const transcript = { bytes: 0, written: 0 } as Transcript;
    const host = new SessionHost({ sessionId: 'id', pty, screen, transcript, clock });
    pass(60);
    sleep();
    const { upFor, quietFor, idleFor } = host.status(0);
    assert.deepEqual([upFor, quietFor, idleFor], Array(3).fill(60 * second));
  });
});
