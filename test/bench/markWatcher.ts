import { Deferred, withDeadline } from '../../src/base/async.ts';

/** Marks are shorter than this; bytes. */
const maxMark = 64;

/** Milliseconds after which a mark that does not come fails the run. */
const patience = 60_000;

const empty = Buffer.alloc(0);

/** Watches a terminal's output for agreed texts and notes when they came. */
export class MarkWatcher {
  #tail: Buffer = empty;
  #awaited: { mark: string; seen: Deferred<number> } | undefined;
  received = 0;

  readonly feed = (data: Buffer): void => {
    this.received += data.length;
    this.#tail = Buffer.concat([this.#tail.subarray(-maxMark), data]);
    this.#look();
  };

  /** The time (of `performance.now`) at which `mark` arrived, in output that no earlier mark has consumed. */
  next(mark: string): Promise<number> {
    const seen = new Deferred<number>();
    this.#awaited = { mark, seen };
    this.#look();
    return withDeadline(seen.promise, patience, () => this.#missing(mark));
  }

  #missing(mark: string): Error {
    const last = JSON.stringify(this.#tail.subarray(-maxMark).toString());
    return new Error(`“${mark}” did not come within ${patience / 1000} s; the output ended with ${last}.`);
  }

  #look(): void {
    if (!this.#awaited) return;
    const at = this.#tail.indexOf(this.#awaited.mark);
    if (at < 0) return;
    const { mark, seen } = this.#awaited;
    this.#tail = this.#tail.subarray(at + Buffer.byteLength(mark));
    this.#awaited = undefined;
    seen.resolve(performance.now());
  }
}
