import { writeSync } from 'node:fs';
import { Deferred } from '../base/async.ts';
import { systemErrorCode } from '../base/errors.ts';

/** Waits between attempts while the kernel's buffer is full, in milliseconds; the last one repeats. */
const retryDelays = [1, 1, 1, 2, 5, 10, 20];

/**
 * Writes to a non-blocking descriptor in order. Written by hand because Node has no stream for one that neither
 * blocks nor spins while the reader is busy, and because an acknowledgement must mean that the kernel has it.
 */
export class DescriptorWriter {
  readonly #fd: number;
  readonly #queue: { data: Buffer; written: Deferred<void> }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Resolves once the kernel has all of `data`, or the descriptor is closed. */
  write(data: Buffer): Promise<void> {
    if (this.#closed || data.length === 0) return Promise.resolve();
    const written = new Deferred<void>();
    this.#queue.push({ data, written });
    if (this.#queue.length === 1) this.#drain();
    return written.promise;
  }

  /** Must be called before the descriptor is closed, for its number may then be reused. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { written } of this.#queue.splice(0)) written.resolve();
  }

  #drain(): void {
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      const count = this.#tryWrite(next.data);
      if (count === undefined) return;
      next.data = next.data.subarray(count);
      if (next.data.length > 0) continue;
      this.#queue.shift();
      next.written.resolve();
    }
  }

  #tryWrite(data: Buffer): number | undefined {
    try {
      const count = writeSync(this.#fd, data);
      if (count === 0) return this.#retryLater();
      this.#failures = 0;
      return count;
    } catch (error) {
      if (systemErrorCode(error) === 'EAGAIN') return this.#retryLater();
      this.close();
      return undefined;
    }
  }

  #retryLater(): undefined {
    const pause = retryDelays[Math.min(this.#failures++, retryDelays.length - 1)];
    this.#timer = setTimeout(() => this.#drain(), pause);
  }
}
