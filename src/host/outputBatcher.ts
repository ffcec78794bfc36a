import { maxPayload } from '../protocol/frames.ts';

/** How long after a chunk further ones are collected; milliseconds. */
const window = 2;

/** A batch this large goes out without waiting any longer; bytes. */
const fullBatch = 32 * 1024;

/** Chunks this small (bytes) go out at once even within a window, up to this many: echoed keys come like that. */
const smallChunk = 256;
const maxSmallChunks = 32;

/**
 * Joins the small chunks in which a pseudoterminal is read. The first chunk after a pause goes out at once, so
 * that an echoed key never waits; what follows closely goes out together, unless it is small.
 */
export class OutputBatcher {
  readonly #onBatch: (batch: Buffer) => void;
  #chunks: Buffer[] = [];
  #size = 0;
  #smallLeft = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `onBatch` gets no more at a time than one frame can carry. */
  constructor(onBatch: (batch: Buffer) => void) {
    this.#onBatch = onBatch;
  }

  push(chunk: Buffer): void {
    if (!this.#timer) {
      this.#openWindow();
      this.#smallLeft = maxSmallChunks;
      this.#emit(chunk);
      return;
    }
    if (this.#size === 0 && chunk.length <= smallChunk && this.#smallLeft-- > 0) {
      this.#emit(chunk);
      return;
    }
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size >= fullBatch) this.flush();
  }

  flush(): void {
    if (this.#size === 0) return;
    const batch = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks, this.#size);
    this.#chunks = [];
    this.#size = 0;
    this.#emit(batch);
  }

  #emit(batch: Buffer): void {
    for (let at = 0; at < batch.length; at += maxPayload) this.#onBatch(batch.subarray(at, at + maxPayload));
  }

  #openWindow(): void {
    this.#timer = setTimeout(() => this.#endWindow(), window);
  }

  #endWindow(): void {
    this.#timer = undefined;
    if (this.#size === 0) return;
    this.#openWindow();
    this.#smallLeft = 0;
    this.flush();
  }
}
