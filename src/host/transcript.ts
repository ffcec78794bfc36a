import { isUtf8 } from 'node:buffer';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Throttler } from '../base/async.ts';
import { isMissing, writeDurable } from '../node/durableFile.ts';
import { exists } from '../node/exists.ts';
import type { Log } from '../node/log.ts';
import { previousTranscript } from '../node/places.ts';
import type { TerminalSize } from '../protocol/hostMessages.ts';
import type { EarlierRecording } from './earlierRecording.ts';

export interface TranscriptOptions extends TerminalSize {
  file: string;
  log: Log;
  /** What the session's earlier lives left in `file`, to be gone on with. */
  earlier?: EarlierRecording | undefined;
  /** Stands where this life begins; the default says so where there was an earlier one. */
  notice?: string | undefined;
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

/** What stands between the lives of a session. */
const restartLabel = 'The session was started again';

/**
 * Records a session as asciicast v2, each of its lives behind the one before. What is typed is not recorded: it may
 * be a password.
 *
 * @see https://docs.asciinema.org/manual/asciicast/v2/
 */
export class Transcript {
  readonly #options: Required<TranscriptOptions>;
  readonly #writing = new Throttler(() => this.#write());
  #size: TerminalSize;
  /** The size at the first of the lines that wait, with which a new file would begin. */
  #sizeBefore: TerminalSize;
  #startedAt: number;
  /** Until its file is open. */
  #earlier: EarlierRecording | undefined;
  #handle: FileHandle | undefined;
  /** Length of the current file. */
  #length = 0;
  /** In this life, to all files. */
  #written = 0;
  /** One UTF-16 unit for each byte of UTF-8: see {@link quote}. */
  #lines = '';
  #event: { at: number; chunks: Buffer[] } | undefined;
  /** The first bytes of a character whose last ones are still to come. */
  #incomplete: Buffer = Buffer.alloc(0);
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;
  #elapsed = 0;

  constructor(options: TranscriptOptions) {
    this.#options = {
      maxBytes: 8 * 1024 * 1024,
      flushAfter: 500,
      now: Date.now,
      earlier: undefined,
      notice: undefined,
      ...options,
    };
    this.#size = { cols: options.cols, rows: options.rows };
    this.#sizeBefore = this.#size;
    this.#startedAt = this.#options.now();
    this.#earlier = options.earlier;
    if (options.earlier) this.#countOn(options.earlier);
    else if (options.notice) this.#mark(options.notice);
  }

  /** Length of the current file as far as it is written. */
  get bytes(): number {
    return this.#length;
  }

  /** What this life has written, also to files that were put aside; bytes. */
  get written(): number {
    return this.#written;
  }

  output(data: Buffer): void {
    const now = this.#options.now();
    if (this.#event && now - this.#event.at <= eventSpan) {
      this.#event.chunks.push(data);
    } else {
      this.#closeEvent();
      this.#event = { at: now, chunks: [data] };
    }
    this.#schedule();
  }

  resize({ cols, rows }: TerminalSize): void {
    this.#size = { cols, rows };
    this.#closeEvent();
    this.#add(this.#options.now(), 'r', JSON.stringify(`${cols}x${rows}`));
    this.#schedule();
  }

  /** Resolves once everything recorded so far is written out, and again so where the file was deleted. */
  flush(): Promise<void> {
    return this.#writing.run();
  }

  /** Writes everything out and closes the file. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.flush();
    await this.#handle?.close();
    this.#handle = undefined;
  }

  #countOn({ startedAt, endedAt, bytes }: EarlierRecording): void {
    this.#startedAt = startedAt;
    this.#elapsed = Math.max(0, endedAt - startedAt);
    this.#length = bytes;
    this.#mark(this.#options.notice ?? restartLabel);
    this.resize(this.#size);
  }

  #mark(label: string): void {
    this.#add(this.#options.now(), 'm', quote(Buffer.from(label)));
    this.#schedule();
  }

  #closeEvent(): void {
    if (!this.#event) return;
    const { at, chunks } = this.#event;
    this.#event = undefined;
    const bytes = Buffer.concat([this.#incomplete, ...chunks]);
    const whole = wholeCharacters(bytes);
    this.#incomplete = bytes.subarray(whole);
    this.#add(at, 'o', quote(bytes.subarray(0, whole)));
  }

  #add(at: number, type: 'o' | 'r' | 'm', json: string): void {
    if (this.#lines.length + json.length > maxBuffered) {
      this.#dropped += json.length;
      return;
    }
    if (this.#dropped > 0) {
      const label = `${this.#dropped} characters were not recorded: the disk was too slow or full`;
      this.#dropped = 0;
      this.#add(at, 'm', JSON.stringify(label));
    }
    // A clock that was put back must not make times go back, which no player expects.
    this.#elapsed = Math.max(this.#elapsed, at - this.#startedAt);
    this.#lines += `[${this.#elapsed / 1000},"${type}",${json}]\n`;
  }

  #schedule(): void {
    if (this.#lines.length > 256 * 1024) void this.flush();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, this.#options.flushAfter);
  }

  async #write(): Promise<void> {
    this.#closeEvent();
    const lines = this.#lines;
    const size = this.#sizeBefore;
    this.#lines = '';
    this.#sizeBefore = this.#size;
    try {
      await this.#bringBack().catch((error) =>
        this.#options.log.warn('The transcript was deleted and could not be written again', { error }),
      );
      if (!lines) return;
      const handle = await this.#open(size);
      await handle.appendFile(lines, 'latin1');
      this.#count(lines.length);
    } catch (error) {
      this.#options.log.warn('The transcript could not be written', { error });
      this.#dropped += lines.length;
      await this.#cutOff();
    }
  }

  /** A part of what could not be written may be in the file, and end in the middle of an event. */
  async #cutOff(): Promise<void> {
    await this.#handle?.truncate(this.#length).catch(() => undefined);
    const stats = await this.#handle?.stat().catch(() => undefined);
    if (!stats) return;
    this.#written += Math.max(0, stats.size - this.#length);
    this.#length = stats.size;
  }

  #count(bytes: number): void {
    this.#length += bytes;
    this.#written += bytes;
  }

  /** What an open file holds can still be read after it was deleted. */
  async #bringBack(): Promise<void> {
    const { file } = this.#options;
    const former = this.#handle;
    if (!former || (await exists(file))) return;
    const { size } = await former.stat();
    const { buffer, bytesRead } = await former.read(Buffer.alloc(size), 0, size, 0);
    await writeDurable(file, buffer.subarray(0, bytesRead));
    this.#handle = await openWith(file, '');
    await former.close();
  }

  /** The current file; that of the life before is gone on with, and a full one is followed by a new one. */
  async #open(size: TerminalSize): Promise<FileHandle> {
    const isFull = this.#length >= this.#options.maxBytes;
    if (this.#handle && !isFull) return this.#handle;
    await this.#handle?.close();
    this.#handle = undefined;
    const handle = this.#earlier && !isFull ? await this.#goOn(this.#earlier) : await this.#begin(size);
    // Not before, or a file that cannot be opened for a moment would be taken for none.
    this.#earlier = undefined;
    this.#handle = handle;
    return handle;
  }

  async #goOn({ isTorn }: EarlierRecording): Promise<FileHandle> {
    const handle = await openWith(this.#options.file, isTorn ? '\n' : '');
    if (isTorn) this.#count(1);
    return handle;
  }

  async #begin({ cols, rows }: TerminalSize): Promise<FileHandle> {
    const { file } = this.#options;
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await rename(file, previousTranscript(file)).catch((error) => {
      if (!isMissing(error)) throw error;
    });
    const header = { version: 2, width: cols, height: rows, timestamp: this.#startSeconds() };
    const line = `${JSON.stringify(header)}\n`;
    try {
      const handle = await openWith(file, line);
      this.#length = 0;
      this.#count(line.length);
      return handle;
    } catch (error) {
      // The next attempt would put what is left of it in the place of the older file.
      await rm(file, { force: true });
      throw error;
    }
  }

  /** Events count from here, in every file of one session, so that the files can be joined. */
  #startSeconds(): number {
    return Math.floor(this.#startedAt / 1000);
  }
}

/** Opens a file behind whose content `text` is put. */
async function openWith(file: string, text: string): Promise<FileHandle> {
  // Read as well: see #bringBack.
  const handle = await open(file, 'a+', 0o600);
  try {
    await handle.appendFile(text);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * `bytes` as a JSON string, with one UTF-16 unit for each byte of UTF-8: quoting leaves all but ASCII alone, and
 * on such text it costs a fraction of decoding, quoting and encoding.
 */
function quote(bytes: Buffer): string {
  const valid = isUtf8(bytes) ? bytes : Buffer.from(bytes.toString('utf8'));
  return JSON.stringify(valid.toString('latin1'));
}

/** How many of `bytes` there are without a last character that is not complete yet. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
