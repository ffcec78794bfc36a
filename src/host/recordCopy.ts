import { stat } from 'node:fs/promises';
import { openRecord } from '../core/recordDocument.ts';
import { readRegularFile } from '../node/regularFile.ts';

/** Far above what any record takes; bytes. */
const maxSize = 1024 * 1024;

/** What a session's record file holds, read again only where it has changed. */
export class RecordCopy {
  readonly #file: string;
  #stamp = '';
  #content: unknown;

  constructor(file: string) {
    this.#file = file;
  }

  /** The last that was whole; undefined before the first. Never throws. */
  async read(): Promise<unknown> {
    try {
      const { mtimeMs, size, ino } = await stat(this.#file);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      if (stamp !== this.#stamp) await this.#load();
      this.#stamp = stamp;
    } catch {
      // The copy is there for when the file is not.
    }
    return this.#content;
  }

  async #load(): Promise<void> {
    const text = (await readRegularFile(this.#file, maxSize)).toString('utf8');
    if (openRecord(text).state !== 'damaged') this.#content = JSON.parse(text);
  }
}
