import { type FileHandle, open, stat } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { isMissing } from '../node/durableFile.ts';

const chunkSize = 256 * 1024;

/**
 * Reads the lines of a file that its writer renames to `previous` when it is full, beginning anew: first what
 * both hold, then what has come since the last call. Lines are whole; the end of one being written waits.
 */
export class RotatedFile {
  readonly #file: string;
  readonly #previous: string;
  #handle: FileHandle | undefined;
  #decoder = new StringDecoder('utf8');
  #rest = '';
  #started = false;

  constructor(file: string, previous: string) {
    this.#file = file;
    this.#previous = previous;
  }

  /** The lines that have come since the last call. */
  async *read(): AsyncGenerator<string> {
    if (!this.#started) this.#handle = (await openIfThere(this.#previous)) ?? (await openIfThere(this.#file));
    this.#started = true;
    for (;;) {
      // Asked before reading: a file that was replaced by then has all it will ever hold.
      const isCurrent = await this.#isCurrent();
      yield* this.#readHandle();
      if (isCurrent || !(await this.#moveOn())) return;
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async *#readHandle(): AsyncGenerator<string> {
    const buffer = Buffer.allocUnsafe(chunkSize);
    for (;;) {
      const { bytesRead } = (await this.#handle?.read(buffer, 0, chunkSize)) ?? { bytesRead: 0 };
      if (bytesRead === 0) return;
      const lines = (this.#rest + this.#decoder.write(buffer.subarray(0, bytesRead))).split('\n');
      this.#rest = lines.pop() ?? '';
      yield* lines;
    }
  }

  /** Goes on with the file that has taken the place of the one read so far; false where there is none yet. */
  async #moveOn(): Promise<boolean> {
    const next = await openIfThere(this.#file);
    if (!next) return false;
    await this.close();
    this.#handle = next;
    this.#decoder = new StringDecoder('utf8');
    this.#rest = '';
    return true;
  }

  async #isCurrent(): Promise<boolean> {
    if (!this.#handle) return false;
    const [ours, current] = await Promise.all([this.#handle.stat(), stat(this.#file).catch(ignoreMissing)]);
    return current === undefined || (ours.ino === current.ino && ours.dev === current.dev);
  }
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  return open(file, 'r').catch(ignoreMissing);
}

function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
