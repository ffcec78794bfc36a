import type { ResourceUse } from './resourceUse.ts';

export interface HistorySample {
  /** By the clock of whoever added it; milliseconds. */
  at: number;
  /** Bytes. */
  rss: number;
  /** Percent of one core; undefined where it was not known. */
  cpu: number | undefined;
  processes: number;
}

/** An hour at one sample in 5 s. */
const defaultCapacity = 720;

/**
 * The last samples of a session, the oldest overwritten first, in 20 bytes each. A look that failed leaves no
 * sample.
 */
export class ResourceHistory {
  readonly #at: Float64Array;
  readonly #rss: Float32Array;
  readonly #cpu: Float32Array;
  readonly #processes: Uint32Array;
  /** Of all samples that were ever added. */
  #count = 0;

  constructor(capacity = defaultCapacity) {
    this.#at = new Float64Array(capacity);
    this.#rss = new Float32Array(capacity);
    this.#cpu = new Float32Array(capacity);
    this.#processes = new Uint32Array(capacity);
  }

  get size(): number {
    return Math.min(this.#count, this.#at.length);
  }

  /** Memory and CPU use are kept to seven digits. */
  add(at: number, { rss, cpu = Number.NaN, processes }: ResourceUse): void {
    const slot = this.#count++ % this.#at.length;
    this.#at[slot] = at;
    this.#rss[slot] = rss;
    this.#cpu[slot] = cpu;
    this.#processes[slot] = processes;
  }

  /** The samples that were taken at `at` or later, the oldest first. */
  since(at: number): HistorySample[] {
    const slots = Array.from({ length: this.size }, (_, index) => (this.#count - this.size + index) % this.#at.length);
    return slots.map((slot) => this.#sample(slot)).filter((sample) => sample.at >= at);
  }

  #sample(slot: number): HistorySample {
    const cpu = this.#cpu[slot] as number;
    return {
      at: this.#at[slot] as number,
      rss: this.#rss[slot] as number,
      cpu: Number.isNaN(cpu) ? undefined : cpu,
      processes: this.#processes[slot] as number,
    };
  }
}
