import type { Disposable } from '../base/lifecycle.ts';
import { startStopwatch } from '../base/stopwatch.ts';
import { isOverdue } from '../core/overdue.ts';

export interface HeartbeatOptions {
  /** Asks the other side for any answer, a refusal included; resolves with whether one came within the deadline. */
  ask: (deadline: number) => Promise<boolean>;
  onSilence: () => void;
  /** How long an answer may take, and how long after it the next is asked for; milliseconds. */
  deadline: number;
}

/** Asks again and again whether the other side still answers, until it does not. */
export class Heartbeat implements Disposable {
  readonly #options: HeartbeatOptions;
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#wait();
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    this.#timer = setTimeout(() => void this.#beat(), this.#options.deadline);
  }

  async #beat(): Promise<void> {
    const { ask, onSilence, deadline } = this.#options;
    const elapsed = startStopwatch();
    const isAnswered = await ask(deadline);
    if (this.#isDisposed) return;
    // After a sleep of the machine the question is simply asked again.
    if (isAnswered || !isOverdue(deadline, elapsed())) this.#wait();
    else onSilence();
  }
}
