import type { Disposable } from '../base/lifecycle.ts';

/** How often it is seen that time passes; milliseconds. */
const tickInterval = 10_000;

/** A tick that comes later than this, since the last one, comes after a sleep: a busy machine is not that late. Milliseconds. */
const sleepAfter = 2 * tickInterval;

/**
 * Counts the time in which this process could run. The monotonic clocks of macOS and Windows go on while the machine
 * sleeps, when no session can do anything.
 *
 * @see libuv's `uv_hrtime`: `mach_continuous_time` and `QueryPerformanceCounter`
 */
export class AwakeClock implements Disposable {
  readonly #monotonic: () => number;
  readonly #ticks: NodeJS.Timeout;
  #seenAt: number;
  #slept = 0;

  /** @param monotonic milliseconds of a clock that nobody sets */
  constructor(monotonic = () => performance.now()) {
    this.#monotonic = monotonic;
    this.#seenAt = monotonic();
    this.#ticks = setInterval(() => this.now(), tickInterval).unref();
  }

  /** Milliseconds since a moment that stays the same. */
  now(): number {
    const now = this.#monotonic();
    if (now - this.#seenAt > sleepAfter) this.#slept += now - this.#seenAt;
    this.#seenAt = now;
    return now - this.#slept;
  }

  /** From then on it takes any long time in which it is not asked for a sleep. */
  dispose(): void {
    clearInterval(this.#ticks);
  }
}
