import { Sequencer, withDeadline } from '../base/async.ts';
import { writeJson } from '../node/durableFile.ts';
import type { Log } from '../node/log.ts';
import type { SavedScreen } from '../protocol/hostMessages.ts';
import type { Snapshot } from './screen.ts';

/** How long the first change after a quiet time waits for those that follow it; milliseconds. */
const settleTime = 500;

/** Lines above the screen that are saved while the session runs; each thousand holds its output up for some milliseconds. */
const runningScrollback = 1_000;

/** How long a terminal may take to be drawn: one that has failed never is. Milliseconds. */
const snapshotDeadline = 3_000;

export interface ScreenSaverOptions {
  file: string;
  /** When the host started, which tells its screen from those of the session's earlier lives. */
  startedAt: string;
  snapshot: (scrollback?: number) => Promise<Snapshot>;
  log: Log;
  /** The least time between two saves of a running session; milliseconds. */
  interval?: number;
}

/** Keeps a session's screen on disk, so that little of it is lost with a host that is killed. */
export class ScreenSaver {
  readonly #options: Required<ScreenSaverOptions>;
  readonly #saves = new Sequencer();
  #timer: NodeJS.Timeout | undefined;
  #nextAt = 0;
  #isFinished = false;
  #savedAt: string | undefined;

  constructor(options: ScreenSaverOptions) {
    this.#options = { interval: 5_000, ...options };
  }

  /** When what is on disk was taken, ISO 8601 UTC; undefined before this life's first. */
  get savedAt(): string | undefined {
    return this.#savedAt;
  }

  /** Something else is on the screen: it is saved soon, together with what follows until then. */
  changed(): void {
    if (this.#isFinished) return;
    this.#timer ??= setTimeout(() => void this.save(), Math.max(settleTime, this.#nextAt - performance.now()));
  }

  /** A screen that cannot be saved is noted; the session runs on. */
  async save(): Promise<void> {
    this.#stopTimer();
    this.#nextAt = performance.now() + this.#options.interval;
    await this.#write(runningScrollback, new Date().toISOString()).catch((error) =>
      this.#options.log.warn('The screen could not be saved', { error }),
    );
  }

  /** Saves the last screen, with all the lines above it. */
  async finish(endedAt: string): Promise<void> {
    this.#isFinished = true;
    this.#stopTimer();
    await this.#write(undefined, endedAt);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #write(scrollback: number | undefined, savedAt: string): Promise<void> {
    return this.#saves.queue(async () => {
      const { startedAt, file, snapshot: take } = this.#options;
      const late = () => new Error('the terminal does not answer');
      const { text, ...snapshot } = await withDeadline(take(scrollback), snapshotDeadline, late);
      const saved: SavedScreen = { ...snapshot, screen: text, savedAt, startedAt };
      await writeJson(file, saved);
      this.#savedAt = savedAt;
    });
  }
}
