/** How long after a chunk further ones are collected; milliseconds. */
const window = 2;

/** A batch this large goes out without waiting any longer; bytes. */
const fullBatch = 32 * 1024;

/**
 * Joins the small chunks in which a pseudoterminal is read. The first chunk after a pause goes out at once, so
 * that an echoed key never waits; what follows closely goes out together.
 */
export class OutputBatcher {
  readonly #emit: (batch: Buffer) => void;
  #chunks: Buffer[] = [];
  #size = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(emit: (batch: Buffer) => void) {
    this.#emit = emit;
  }

  push(chunk: Buffer): void {
    if (!this.#timer) {
      this.#timer = setTimeout(() => this.#endWindow(), window);
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

  #endWindow(): void {
    if (this.#size > 0) {
      this.flush();
      this.#timer?.refresh();
    } else {
      this.#timer = undefined;
    }
  }
}
