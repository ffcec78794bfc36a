const initialCapacity = 4 * 1024;

/**
 * The most recent bytes of a stream, addressed by their offset since it began. Grows on demand up to
 * `capacity` bytes (a power of two times 4 KiB), then overwrites the oldest.
 */
export class Journal {
  readonly #capacity: number;
  #ring = Buffer.allocUnsafe(initialCapacity);
  #start: number;
  #end: number;

  constructor(capacity: number, startSeq = 0) {
    this.#capacity = capacity;
    this.#start = startSeq;
    this.#end = startSeq;
  }

  /** Offset of the oldest byte still held. */
  get start(): number {
    return this.#start;
  }

  /** Offset of the next byte to come. */
  get end(): number {
    return this.#end;
  }

  holds(from: number): boolean {
    return from >= this.#start && from <= this.#end;
  }

  append(data: Buffer): void {
    this.#grow(this.#end - this.#start + data.length);
    const kept = data.subarray(Math.max(0, data.length - this.#ring.length));
    const at = (this.#end + data.length - kept.length) % this.#ring.length;
    const head = kept.subarray(0, this.#ring.length - at);
    this.#ring.set(head, at);
    this.#ring.set(kept.subarray(head.length), 0);
    this.#end += data.length;
    this.#start = Math.max(this.#start, this.#end - this.#ring.length);
  }

  /** A copy of up to `max` bytes from offset `from`, which must be held. */
  read(from: number, max: number): Buffer {
    return copyFrom(this.#ring, from, Math.min(max, this.#end - from));
  }

  #grow(needed: number): void {
    let size = this.#ring.length;
    while (size < needed && size < this.#capacity) size *= 2;
    if (size === this.#ring.length) return;
    const bytes = copyFrom(this.#ring, this.#start, this.#end - this.#start);
    this.#ring = Buffer.allocUnsafe(size);
    const at = this.#start % size;
    const head = bytes.subarray(0, size - at);
    this.#ring.set(head, at);
    this.#ring.set(bytes.subarray(head.length), 0);
  }
}

function copyFrom(ring: Buffer, from: number, length: number): Buffer {
  const at = from % ring.length;
  const copy = Buffer.allocUnsafe(length);
  const head = ring.subarray(at, Math.min(at + length, ring.length));
  copy.set(head, 0);
  copy.set(ring.subarray(0, length - head.length), head.length);
  return copy;
}
