import { mkdir, readFile, unlink } from 'node:fs/promises';
import path from 'node:path';
import { Throttler } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import type { SessionEvent } from '../protocol/sessionEvent.ts';
import { syncFolder } from './durableFile.ts';
import { lastFrameEnd } from './eventFrames.ts';
import { FrameQueue } from './frameQueue.ts';
import { appendBatch, appendWhole, sizeOf, syncFile } from './journalAppend.ts';
import { asideFile, asideFiles, journalFile, rotateJournal } from './journalFiles.ts';
import { withLock } from './lockFile.ts';

export interface EventJournalOptions {
  folder: string;
  /** Called at the first of any failures in a row; what could not be written is tried again with the next events. */
  onError?: (error: unknown) => void;
  /** Before a file grows further a new one begins; bytes. */
  maxBytes?: number;
  /** How many files there are, at most. */
  maxFiles?: number;
  /** What may wait for the disk before events are dropped; bytes. */
  maxQueued?: number;
  /** For how long a power cut may take what was written; milliseconds. */
  syncAfter?: number;
  /** How long to wait for another window that writes; milliseconds. */
  lockPatience?: number;
}

const defaults = {
  maxBytes: 1024 * 1024,
  maxFiles: 8,
  maxQueued: 256 * 1024,
  syncAfter: 1_000,
  lockPatience: 1_000,
  onError: () => {},
};

/**
 * The append-only journal `events.journal` of a folder, a line for each event. Windows that share the folder append
 * to one file: each write, and all that is done to the file as a whole, happens under the lock `events.lock`. One that
 * does not get the lock writes to a file of its own, and takes that in once it does: whoever has the lock may be about
 * to cut a torn end off, and with it what others have written behind it.
 *
 * What was written survives the death of every process. It is synced to the disk at most once a second, so that a
 * power cut takes the last second at most: a sync for each event would keep the disk busy for what is history, not
 * state, and the records themselves are synced.
 */
export class EventJournal {
  readonly #options: Required<EventJournalOptions>;
  readonly #file: string;
  readonly #aside: string;
  /** How much of the file of its own is in the journal already; bytes. */
  #taken = 0;
  readonly #queue: FrameQueue;
  readonly #writing = new Throttler(() => this.#trying('write', () => this.#write()));
  readonly #syncing = new Throttler(() => this.#trying('sync', () => this.#sync()));
  readonly #failing = new Set<'write' | 'sync'>();
  #isSynced = true;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: EventJournalOptions) {
    this.#options = { ...defaults, ...options };
    this.#file = journalFile(options.folder);
    this.#aside = asideFile(options.folder);
    this.#queue = new FrameQueue(this.#options.maxQueued);
  }

  /** Never fails: what the disk does not take waits for the next call, and is counted where it becomes too much. */
  append(events: readonly SessionEvent[]): void {
    if (this.#isClosed || events.length === 0) return;
    for (const event of events) this.#queue.add(event);
    void this.#writing.run();
  }

  /** Resolves once all that was appended is on the disk, or the disk has refused it; says whether it is. */
  async flush(): Promise<boolean> {
    await this.#writing.run();
    await this.#syncing.run();
    return this.#queue.isEmpty && this.#isSynced;
  }

  /** Writes out what waits; nothing is taken in any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.flush();
  }

  async #write(): Promise<void> {
    if (this.#queue.isEmpty) return;
    const { folder, lockPatience } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      await withLock(path.join(folder, 'events.lock'), { deadlineMs: lockPatience }, () => this.#writeLocked());
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== 'LOCKED') throw error;
      await this.#writeAside(error);
    }
  }

  async #writeLocked(): Promise<void> {
    const kept = await sizeOf(this.#aside);
    if (kept === 0) this.#taken = 0;
    const size = await sizeOf(this.#file);
    if (size > 0 && size + kept + this.#queue.bytes > this.#options.maxBytes) await this.#rotate();
    if (kept > 0) await this.#takeAsideIn();
    await this.#append(this.#file);
  }

  /** An owner that hangs, or that cannot be judged from here, must not keep this window's events for ever. */
  async #writeAside(reason: HoldfastError): Promise<void> {
    const { folder, maxBytes, maxFiles } = this.#options;
    const size = await sizeOf(this.#aside);
    if (size > 0 && size + this.#queue.bytes > maxBytes) throw reason;
    if (size === 0 && (await asideFiles(folder)).length >= maxFiles) throw reason;
    await this.#append(this.#aside);
  }

  async #takeAsideIn(): Promise<void> {
    const bytes = await readFile(this.#aside);
    const end = lastFrameEnd(bytes);
    await appendWhole(this.#file, bytes.subarray(this.#taken, end));
    this.#taken = end;
    // One that stays is removed the next time.
    await unlink(this.#aside).catch(() => undefined);
  }

  /** All that waits. */
  async #append(file: string): Promise<void> {
    this.#isSynced = false;
    try {
      await appendBatch(file, this.#queue.batch());
    } finally {
      this.#scheduleSync();
    }
  }

  /** Other windows sync the new file from now on, so what they have written to this one is synced here. */
  async #rotate(): Promise<void> {
    await syncFile(this.#file);
    await rotateJournal(this.#options.folder, this.#options.maxFiles);
  }

  #scheduleSync(): void {
    if (this.#isClosed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#syncing.run();
    }, this.#options.syncAfter).unref();
  }

  async #sync(): Promise<void> {
    if (this.#isSynced) return;
    this.#isSynced = true;
    try {
      for (const file of [this.#file, this.#aside]) await syncFile(file);
      await syncFolder(this.#options.folder);
    } catch (error) {
      this.#isSynced = false;
      throw error;
    }
  }

  async #trying(what: 'write' | 'sync', task: () => Promise<void>): Promise<void> {
    try {
      await task();
      this.#failing.delete(what);
    } catch (error) {
      if (this.#failing.size === 0) this.#options.onError(error);
      this.#failing.add(what);
    }
  }
}
