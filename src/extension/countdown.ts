import type { Disposable } from '../base/lifecycle.ts';

/** Milliseconds. */
const second = 1_000;

export interface CountdownOptions {
  /** The sessions that wait for something to happen at a time that is shown. */
  waiting: () => string[];
  /** Called each second with those sessions. */
  tick: (ids: string[]) => void;
}

/** Ticks each second as long as some session waits; there is no timer otherwise. */
export class Countdown implements Disposable {
  readonly #options: CountdownOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CountdownOptions) {
    this.#options = options;
  }

  /** Whether some session waits may have changed. */
  update(): void {
    const isNeeded = this.#options.waiting().length > 0;
    if (isNeeded) this.#timer ??= setInterval(() => this.#tick(), second);
    else this.dispose();
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const ids = this.#options.waiting();
    if (ids.length === 0) this.dispose();
    else this.#options.tick(ids);
  }
}
