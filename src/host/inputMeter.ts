import type { HostStatus } from '../protocol/hostMessages.ts';

/** Tells whether what clients type reaches the program. */
export class InputMeter {
  readonly #monotonic: () => number;
  #lastAt: Date | undefined;
  #pending = 0;
  /** When what waits began to wait, or some of it was last taken. */
  #stillSince: { at: Date; moment: number } | undefined;

  /** @param monotonic milliseconds of a clock that nobody sets */
  constructor(monotonic = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  /** Counts `bytes` as waiting until `taken` settles, with which the result does. */
  async measure(bytes: number, taken: Promise<void>): Promise<void> {
    this.#lastAt = new Date();
    if (this.#pending === 0) this.#noteMove();
    this.#pending += bytes;
    try {
      await taken;
    } finally {
      this.#pending -= bytes;
      this.#noteMove();
    }
  }

  status(): Pick<HostStatus, 'lastInputAt' | 'inputPending' | 'inputPendingSince' | 'inputPendingFor'> {
    const still = this.#pending > 0 ? this.#stillSince : undefined;
    return {
      lastInputAt: this.#lastAt?.toISOString() ?? null,
      inputPending: this.#pending,
      inputPendingSince: still?.at.toISOString() ?? null,
      inputPendingFor: still ? Math.round(this.#monotonic() - still.moment) : null,
    };
  }

  #noteMove(): void {
    this.#stillSince = { at: new Date(), moment: this.#monotonic() };
  }
}
