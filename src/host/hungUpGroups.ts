import { delay } from '../base/async.ts';
import { isGroupAlive } from '../node/processIdentity.ts';

/** How often to look whether what was hung up has ended; milliseconds. */
const interval = 50;

/** How often to look in the end whether what was killed has: the system may keep it for hours. Milliseconds. */
const longInterval = 1_000;

/** The process groups that were told to end with their session, such as a job whose shell was quicker. */
export class HungUpGroups {
  readonly #isAlive: (group: number) => boolean;
  readonly #groups = new Set<number>();
  #isKilled = false;

  constructor(isAlive = isGroupAlive) {
    this.#isAlive = isAlive;
  }

  add(groups: Iterable<number>): void {
    for (const group of groups) this.#groups.add(group);
  }

  /** Those that have not ended; one that has is forgotten, for its number may be given to others. */
  get alive(): ReadonlySet<number> {
    for (const group of this.#groups) if (!this.#isAlive(group)) this.#groups.delete(group);
    return new Set(this.#groups);
  }

  /** They can do nothing against their end any more; whether it comes is seen as before. */
  killed(): void {
    this.#isKilled = true;
  }

  /** Resolves once all have ended, which may be never: not even a kill reaches a process that waits for a dead disk. */
  async ended(): Promise<void> {
    let pause = interval;
    while (this.alive.size > 0) {
      await delay(pause);
      if (this.#isKilled) pause = Math.min(pause * 1.5, longInterval);
    }
  }
}
