import { frameOf } from './eventFrames.ts';

/** Frames that wait for the disk, at most `maxBytes` of them; what comes on top is counted and let go. */
export class FrameQueue {
  readonly #maxBytes: number;
  #frames: Buffer[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#frames.length === 0 && this.#dropped === 0;
  }

  /** What waits, without what tells of dropped events. */
  get bytes(): number {
    return this.#bytes;
  }

  add(event: unknown): void {
    const frame = frameOf(event);
    if (!frame || this.#bytes + frame.length > this.#maxBytes) {
      this.#dropped++;
      return;
    }
    this.#frames.push(frame);
    this.#bytes += frame.length;
  }

  /** All that waits, and behind it how many events were dropped; it waits on until it is removed. */
  batch(now = new Date()): FrameBatch {
    const dropped = this.#dropped;
    const note = dropped > 0 ? frameOf({ at: now.toISOString(), type: 'dropped', count: dropped }) : undefined;
    const bytes = Buffer.concat(note ? [...this.#frames, note] : this.#frames);
    return { bytes, remove: (written) => this.#remove(written, written >= bytes.length - 1 ? dropped : 0) };
  }

  /** A frame of which only the newline is missing counts: it is whole, and the newline comes with the next one. */
  #remove(written: number, dropped: number): void {
    let end = 0;
    let count = 0;
    for (const frame of this.#frames) {
      end += frame.length;
      if (end - 1 > written) break;
      this.#bytes -= frame.length;
      count++;
    }
    this.#frames.splice(0, count);
    this.#dropped -= dropped;
  }
}

export interface FrameBatch {
  bytes: Buffer;
  /** Takes out of the queue what is whole within the first `written` bytes. */
  remove: (written: number) => void;
}
