/** How many processes may be started, on average and at once. */
export interface Pace {
  /** On average over a long time. */
  perSecond: number;
  /** After a time of rest. */
  burst: number;
}

/**
 * Keeps the processes that look at worktrees from becoming a storm. One that takes longer than a second counts as many
 * as it takes seconds, so that a slow disk is not kept busy all the time. All times by a monotonic clock; milliseconds.
 */
export class ProcessPace {
  readonly #pace: Pace;
  #allowed: number;
  #at = Number.NEGATIVE_INFINITY;

  constructor(pace: Pace) {
    this.#pace = pace;
    this.#allowed = pace.burst;
  }

  /** How long the next process has to wait. */
  wait(now: number): number {
    const missing = 1 - this.#allowedAt(now);
    return missing <= 0 ? 0 : Math.ceil((missing / this.#pace.perSecond) * 1_000);
  }

  /** A process begins. */
  begin(now: number): void {
    this.#spend(1, now);
  }

  /** The process that began last has ended, after `took` milliseconds. */
  end(now: number, took: number): void {
    if (took > 1_000) this.#spend(took / 1_000 - 1, now);
  }

  #spend(count: number, now: number): void {
    this.#allowed = this.#allowedAt(now) - count;
    this.#at = now;
  }

  #allowedAt(now: number): number {
    const { burst, perSecond } = this.#pace;
    if (this.#at === Number.NEGATIVE_INFINITY) return burst;
    return Math.min(burst, this.#allowed + ((now - this.#at) / 1_000) * perSecond);
  }
}
