import type { HostStatus } from '../protocol/hostMessages.ts';

/** Tells whether what clients type reaches the program. */
export class InputMeter {
  #lastAt: Date | undefined;
  #pending = 0;
  /** When what waits began to wait, or some of it was last taken. */
  #stillSince: Date | undefined;

  /** Counts `bytes` as waiting until `taken` settles, with which the result does. */
  async measure(bytes: number, taken: Promise<void>): Promise<void> {
    this.#lastAt = new Date();
    if (this.#pending === 0) this.#stillSince = this.#lastAt;
    this.#pending += bytes;
    try {
      await taken;
    } finally {
      this.#pending -= bytes;
      this.#stillSince = new Date();
    }
  }

  status(): Pick<HostStatus, 'lastInputAt' | 'inputPending' | 'inputPendingSince'> {
    return {
      lastInputAt: this.#lastAt?.toISOString() ?? null,
      inputPending: this.#pending,
      inputPendingSince: this.#pending > 0 ? (this.#stillSince?.toISOString() ?? null) : null,
    };
  }
}
