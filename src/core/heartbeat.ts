/** How often hosts are asked whether they live; milliseconds. */
export const heartbeatInterval = 5_000;

/** After how long without an answer a host is suspect, and after how long it counts as unresponsive; milliseconds. */
const suspectAfter = 6_000;
const unresponsiveAfter = 11_000;

/** An observer that was itself not awake for longer than this has no verdict to give; milliseconds. */
const stallTolerance = 2 * heartbeatInterval;

export type HeartbeatVerdict = 'answers' | 'suspect' | 'unresponsive';

/**
 * Tells hosts that do not answer from an observer that did not look: while this process, or the whole machine, was
 * stopped, nobody missed anything. Times are milliseconds of a monotonic clock.
 */
export class HeartbeatMonitor {
  readonly #answers = new Map<string, number>();
  #lookedAt: number | undefined;

  /** To be called at every beat. Returns whether the observer was stalled since the last one. */
  beat(now: number): boolean {
    const isStalled = this.#lookedAt !== undefined && now - this.#lookedAt > stallTolerance;
    this.#lookedAt = now;
    // Each gets its full time again.
    if (isStalled) for (const id of this.#answers.keys()) this.#answers.set(id, now);
    return isStalled;
  }

  /** The host has answered, or was just connected. */
  answered(id: string, now: number): void {
    this.#answers.set(id, now);
  }

  forget(id: string): void {
    this.#answers.delete(id);
  }

  /** How long ago the host last answered; undefined for one that is not watched. Milliseconds. */
  silence(id: string, now: number): number | undefined {
    const answeredAt = this.#answers.get(id);
    return answeredAt === undefined ? undefined : now - answeredAt;
  }
}

export function judgeHeartbeat(silence: number): HeartbeatVerdict {
  if (silence > unresponsiveAfter) return 'unresponsive';
  return silence > suspectAfter ? 'suspect' : 'answers';
}
