import type { HeadPair, SessionWork } from '../core/overlap.ts';
import { allPairs, findOverlaps, pairsToCheck } from '../core/overlap.ts';
import { forecastArgs, readForecast } from '../node/mergeForecast.ts';
import type { MergeForecast, Overlap } from '../protocol/changes.ts';
import type { PacedGit } from './pacedGit.ts';

/** Answers that are kept: two commits conflict, or do not, for ever. */
const maxKept = 2_000;

/** A pair of which git could not tell is asked about again after so long, where there is reason to look; milliseconds. */
const retryPause = 60_000;

export interface OverlapRadarOptions {
  git: Pick<PacedGit, 'result'>;
  /** By a monotonic clock; milliseconds. */
  monotonic: () => number;
}

/** Knows which sessions are in each other's way, and which of them would conflict. */
export class OverlapRadar {
  readonly #options: OverlapRadarOptions;
  readonly #known = new Map<string, MergeForecast>();
  /** When git did not answer about a pair. */
  readonly #failedAt = new Map<string, number>();

  constructor(options: OverlapRadarOptions) {
    this.#options = options;
  }

  overlaps(works: readonly SessionWork[]): Overlap[] {
    return findOverlaps(works, ({ key }) => this.#known.get(key));
  }

  /** Whether there are pairs that are worth a look and have had none. */
  hasPending(works: readonly SessionWork[]): boolean {
    return pairsToCheck(works).some((pair) => this.#isOpen(pair));
  }

  /** Looks at one of these. */
  async checkOne(works: readonly SessionWork[]): Promise<void> {
    const pair = pairsToCheck(works).find((one) => this.#isOpen(one));
    if (pair) await this.#check(pair, false);
  }

  /** Looks at every pair, for somebody who waits for it, for so many milliseconds at most. */
  async checkAll(works: readonly SessionWork[], patience: number): Promise<void> {
    const until = this.#options.monotonic() + patience;
    for (const pair of allPairs(works)) {
      if (this.#options.monotonic() > until) return;
      // What could not be told before may be so now.
      const isOpen = this.#isOpen(pair) || this.#known.get(pair.key)?.state === 'unknown';
      if (isOpen) await this.#check(pair, true);
    }
  }

  #isOpen({ key }: HeadPair): boolean {
    const failedAt = this.#failedAt.get(key);
    return !this.#known.has(key) || (failedAt !== undefined && this.#options.monotonic() - failedAt > retryPause);
  }

  async #check(pair: HeadPair, isAsked: boolean): Promise<void> {
    this.#keep(pair.key, await this.#forecast(pair, isAsked));
  }

  async #forecast({ key, heads, folder }: HeadPair, isAsked: boolean): Promise<MergeForecast> {
    this.#failedAt.delete(key);
    try {
      return readForecast(await this.#options.git.result(forecastArgs(heads), folder, isAsked));
    } catch {
      this.#failedAt.set(key, this.#options.monotonic());
      return { state: 'unknown', why: 'git did not answer' };
    }
  }

  #keep(key: string, forecast: MergeForecast): void {
    this.#known.set(key, forecast);
    const [oldest] = this.#known.keys();
    if (this.#known.size <= maxKept || oldest === undefined) return;
    this.#known.delete(oldest);
    this.#failedAt.delete(oldest);
  }
}
