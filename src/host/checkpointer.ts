import { Sequencer, withDeadline } from '../base/async.ts';
import { describeError } from '../base/errors.ts';
import { serializeCheckpoint } from '../core/checkpointDocument.ts';
import { checkpointInterval, nextCheckpointAt, restAfter } from '../core/checkpointPace.ts';
import { writeDurable } from '../node/durableFile.ts';
import type { Log } from '../node/log.ts';
import type { Checkpoint } from '../protocol/checkpoint.ts';

/** Lines above the screen that are saved while the session runs; each thousand holds its output up for some milliseconds. */
const runningScrollback = 1_000;

/** How long a checkpoint may take to be taken: a terminal that has failed is never drawn. Milliseconds. */
const takeDeadline = 3_000;

export interface CheckpointerOptions {
  file: string;
  /** Everything as it is now, with that many lines above the screen, or all. */
  take: (scrollback?: number) => Promise<Omit<Checkpoint, 'savedAt'>>;
  log: Log;
  /** A monotonic clock, in milliseconds. */
  now?: () => number;
}

/** Keeps a session's checkpoint on disk, so that little is lost with a host that is killed. */
export class Checkpointer {
  readonly #options: Required<CheckpointerOptions>;
  readonly #saves = new Sequencer();
  #timer: NodeJS.Timeout | undefined;
  #changes: { first: number; last: number } | undefined;
  /** Infinite while one is saved. */
  #notBefore = 0;
  #isFinished = false;
  #savedAt: string | undefined;
  /** What was last noted, which is not noted again at each attempt. */
  #problem: string | undefined;

  constructor(options: CheckpointerOptions) {
    this.#options = { now: () => performance.now(), ...options };
  }

  /** When what is on disk was taken, ISO 8601 UTC; undefined before this life's first. */
  get savedAt(): string | undefined {
    return this.#savedAt;
  }

  /** Something is other than it was: it is saved soon, together with what follows until then. */
  changed(): void {
    const now = this.#options.now();
    this.#changes = { first: this.#changes?.first ?? now, last: now };
    this.#schedule();
  }

  /** What cannot be saved is noted and tried again; the session runs on. */
  async save(): Promise<void> {
    this.#stopTimer();
    this.#changes = undefined;
    this.#notBefore = Number.POSITIVE_INFINITY;
    const began = this.#options.now();
    try {
      await this.#write(runningScrollback, new Date().toISOString());
      this.#note(undefined);
      this.#notBefore = this.#options.now() + restAfter(this.#options.now() - began);
    } catch (error) {
      this.#note(describeError(error));
      this.#changes ??= { first: began, last: began };
      this.#notBefore = this.#options.now() + checkpointInterval;
    }
    this.#schedule();
  }

  /** Saves the last checkpoint, with all the lines above the screen. */
  async finish(endedAt: string): Promise<void> {
    this.#isFinished = true;
    this.#stopTimer();
    await this.#write(undefined, endedAt);
  }

  /** The timer is not moved with every change: it looks what has changed since, and waits on. */
  #schedule(): void {
    const due = this.#due();
    if (this.#timer || due === undefined) return;
    this.#timer = setTimeout(() => this.#look(), Math.max(1, due - this.#options.now()));
  }

  #look(): void {
    this.#stopTimer();
    const due = this.#due();
    if (due !== undefined && due <= this.#options.now()) void this.save();
    else this.#schedule();
  }

  #due(): number | undefined {
    if (!this.#changes || this.#isFinished || this.#notBefore === Number.POSITIVE_INFINITY) return undefined;
    const { first, last } = this.#changes;
    return nextCheckpointAt({ firstChange: first, lastChange: last, notBefore: this.#notBefore });
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #write(scrollback: number | undefined, savedAt: string): Promise<void> {
    return this.#saves.queue(async () => {
      const { file, take } = this.#options;
      const late = () => new Error('the terminal does not answer');
      const content = await withDeadline(take(scrollback), takeDeadline, late);
      await writeDurable(file, serializeCheckpoint({ ...content, savedAt }), { keepPrevious: true });
      this.#savedAt = savedAt;
    });
  }

  #note(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    if (problem) this.#options.log.warn('The checkpoint could not be saved', { problem });
  }
}
