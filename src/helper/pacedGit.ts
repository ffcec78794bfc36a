import { delay, Sequencer, withDeadline } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { type Pace, ProcessPace } from '../core/processPace.ts';
import { type GitResult, git, gitResult } from '../node/git.ts';

/** At most one process a second over any five minutes: what may come at once, and what of it grows again. */
const defaultPace: Pace = { perSecond: 0.9, burst: 30 };

/** A status of a large worktree on a slow disk takes its time; milliseconds. */
const defaultTimeout = 60_000;

/** A process that waits for a disk cannot even be killed, and is left alone after so long; milliseconds. */
const endTime = 5_000;

export interface PacedGitOptions {
  pace?: Pace;
  /** Milliseconds. */
  timeout?: number;
  /** By a monotonic clock; milliseconds. */
  monotonic?: () => number;
}

/** Runs the git processes that only look, one at a time, and no more of them than the machine can spare. */
export class PacedGit {
  readonly #pace: ProcessPace;
  readonly #timeout: number;
  readonly #monotonic: () => number;
  readonly #inTurn = new Sequencer();

  constructor({
    pace = defaultPace,
    timeout = defaultTimeout,
    monotonic = () => performance.now(),
  }: PacedGitOptions = {}) {
    this.#pace = new ProcessPace(pace);
    this.#timeout = timeout;
    this.#monotonic = monotonic;
  }

  /** @throws {HoldfastError} `GIT_FAILED`, `GIT_MISSING`, `NO_FOLDER`; `TIMEOUT` where it took too long */
  run(args: readonly string[], cwd: string): Promise<string> {
    return this.#inTurn.queue(async () => {
      await delay(this.#pace.wait(this.#monotonic()));
      return this.#timed(() => git(args, { cwd, timeout: this.#timeout }));
    });
  }

  /** The same of what ends in several ways; with `isAsked` the user waits for it, and it goes first. */
  result(args: readonly string[], cwd: string, isAsked: boolean): Promise<GitResult> {
    return this.#inTurn.queue(async () => {
      if (!isAsked) await delay(this.#pace.wait(this.#monotonic()));
      return this.#timed(() => gitResult(args, { cwd, timeout: this.#timeout }));
    });
  }

  async #timed<T>(start: () => Promise<T>): Promise<T> {
    const since = this.#monotonic();
    this.#pace.begin(since);
    const took = () => this.#monotonic() - since;
    try {
      return await withDeadline(start(), this.#timeout + endTime, tookTooLong);
    } catch (error) {
      throw took() >= this.#timeout ? tookTooLong() : error;
    } finally {
      this.#pace.end(this.#monotonic(), took());
    }
  }
}

function tookTooLong(): HoldfastError {
  return new HoldfastError('TIMEOUT', 'git took too long.');
}
