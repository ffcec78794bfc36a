import { withDeadline } from '../base/async.ts';
import type { Log } from '../node/log.ts';

/** How long a disk may take to answer; milliseconds. */
const defaultDeadline = 5_000;

/** Each question without an answer holds one of the four threads that all file work of a process shares. */
const maxUnanswered = 2;

/** `unknown` is nothing to conclude from: it was not asked, or the answer was an error. */
export type DiskAnswer<T> = { state: 'answered'; value: T } | { state: 'silent' } | { state: 'unknown' };

/** Asks disks that may never answer, as that of a server that is gone. */
export class DiskQuestions {
  readonly #log: Log;
  readonly #deadline: number;
  readonly #unanswered = new Set<string>();

  /** @param deadline milliseconds */
  constructor(log: Log, deadline = defaultDeadline) {
    this.#log = log;
    this.#deadline = deadline;
  }

  /** Does not ask again what has no answer yet, nor anything while too much has none. Never throws. */
  async ask<T>(name: string, question: () => Promise<T>): Promise<DiskAnswer<T>> {
    if (this.#unanswered.has(name)) return { state: 'silent' };
    if (this.#unanswered.size >= maxUnanswered) return { state: 'unknown' };
    this.#unanswered.add(name);
    const answer = question().finally(() => this.#unanswered.delete(name));
    const late = new Error('The disk does not answer');
    try {
      return { state: 'answered', value: await withDeadline(answer, this.#deadline, () => late) };
    } catch (error) {
      this.#log.debug('What is on a disk could not be looked at', { name, error });
      return { state: error === late ? 'silent' : 'unknown' };
    }
  }
}
