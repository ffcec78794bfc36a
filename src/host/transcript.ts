import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { Throttler } from '../base/async.ts';
import { isMissing } from '../node/durableFile.ts';
import type { Log } from '../node/log.ts';
import { previousTranscript } from '../node/places.ts';
import type { TerminalSize } from '../protocol/hostMessages.ts';

export interface TranscriptOptions extends TerminalSize {
  file: string;
  log: Log;
  /** At this size the file becomes `<name>.1.cast` and a new one begins; bytes. */
  maxBytes?: number;
  /** How long an event may wait in memory; milliseconds. */
  flushAfter?: number;
  now?: () => number;
}

/** Text that may wait for a slow disk before events are dropped; UTF-16 units. */
const maxBuffered = 4 * 1024 * 1024;

/** Output that comes within this time of an event's first byte joins that event; milliseconds. */
const eventSpan = 20;

/**
 * Records a session as asciicast v2. What is typed is not recorded: it may be a password.
 *
 * @see https://docs.asciinema.org/manual/asciicast/v2/
 */
export class Transcript {
  readonly #options: Required<TranscriptOptions>;
  readonly #decoder = new StringDecoder('utf8');
  readonly #flush = new Throttler(() => this.#write());
  #size: TerminalSize;
  #startedAt: number;
  #handle: FileHandle | undefined;
  #written = 0;
  #lines = '';
  #event: { at: number; text: string } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;

  constructor(options: TranscriptOptions) {
    this.#options = { maxBytes: 8 * 1024 * 1024, flushAfter: 500, now: Date.now, ...options };
    this.#size = { cols: options.cols, rows: options.rows };
    this.#startedAt = this.#options.now();
  }

  output(data: Buffer): void {
    const text = this.#decoder.write(data);
    const now = this.#options.now();
    if (this.#event && now - this.#event.at <= eventSpan) {
      this.#event.text += text;
    } else {
      this.#closeEvent();
      this.#event = { at: now, text };
    }
    this.#schedule();
  }

  resize({ cols, rows }: TerminalSize): void {
    this.#size = { cols, rows };
    this.#closeEvent();
    this.#add(this.#options.now(), 'r', `${cols}x${rows}`);
    this.#schedule();
  }

  /** Writes everything out and closes the file. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#flush.run();
    await this.#handle?.close();
    this.#handle = undefined;
  }

  #closeEvent(): void {
    if (this.#event) this.#add(this.#event.at, 'o', this.#event.text);
    this.#event = undefined;
  }

  #add(at: number, type: 'o' | 'r' | 'm', data: string): void {
    if (this.#lines.length + data.length > maxBuffered) {
      this.#dropped += data.length;
      return;
    }
    if (this.#dropped > 0) {
      const label = `${this.#dropped} characters were not recorded: the disk was too slow`;
      this.#dropped = 0;
      this.#add(at, 'm', label);
    }
    this.#lines += `${JSON.stringify([(at - this.#startedAt) / 1000, type, data])}\n`;
  }

  #schedule(): void {
    if (this.#lines.length > 256 * 1024) void this.#flush.run();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#flush.run();
    }, this.#options.flushAfter);
  }

  async #write(): Promise<void> {
    this.#closeEvent();
    const lines = this.#lines;
    this.#lines = '';
    try {
      const handle = await this.#open();
      await handle.appendFile(lines);
      this.#written += Buffer.byteLength(lines);
    } catch (error) {
      this.#options.log.warn('The transcript could not be written', { error });
    }
  }

  /** The current file, begun anew when there is none yet or it is full. */
  async #open(): Promise<FileHandle> {
    if (this.#handle && this.#written < this.#options.maxBytes) return this.#handle;
    await this.#handle?.close();
    this.#handle = undefined;
    const { file } = this.#options;
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await rename(file, previousTranscript(file)).catch((error) => {
      if (!isMissing(error)) throw error;
    });
    this.#handle = await open(file, 'a', 0o600);
    const header = { version: 2, width: this.#size.cols, height: this.#size.rows, timestamp: this.#startSeconds() };
    const line = `${JSON.stringify(header)}\n`;
    await this.#handle.appendFile(line);
    this.#written = line.length;
    return this.#handle;
  }

  /** Events count from here, in every file of one host, so that the files can be joined. */
  #startSeconds(): number {
    return Math.floor(this.#startedAt / 1000);
  }
}
