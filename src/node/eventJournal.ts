import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { Throttler } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import type { SessionEvent } from '../protocol/sessionEvent.ts';
import { isMissing, syncFolder } from './durableFile.ts';
import { FrameQueue } from './frameQueue.ts';
import { journalFile, rotateJournal } from './journalFiles.ts';
import { mendTail, separator } from './journalTail.ts';
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
 * to one file: each write, and all that is done to the file as a whole, happens under the lock `events.lock`.
 *
 * What was written survives the death of every process. It is synced to the disk at most once a second, so that a
 * power cut takes the last second at most: a sync for each event would keep the disk busy for what is history, not
 * state, and the records themselves are synced.
 */
export class EventJournal {
  readonly #options: Required<EventJournalOptions>;
  readonly #file: string;
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
      await this.#writeUnlocked(error);
    }
  }

  async #writeLocked(): Promise<void> {
    if (await this.#isOver(this.#options.maxBytes)) await this.#rotate();
    await this.#appendBatch((handle) => mendTail(handle, this.#file));
  }

  /** An owner that hangs, or that cannot be judged from here, must not keep this window's events for ever. */
  async #writeUnlocked(reason: HoldfastError): Promise<void> {
    if (await this.#isOver(2 * this.#options.maxBytes)) throw reason;
    await this.#appendBatch(separator);
  }

  /**
   * All that waits, in one write, so that records of other windows come before or after it. Of a write that fails,
   * the records that are whole are not written again.
   */
  async #appendBatch(prefixOf: (handle: FileHandle) => Promise<string>): Promise<void> {
    const handle = await open(this.#file, 'a+', 0o600);
    try {
      const prefix = Buffer.from(await prefixOf(handle));
      const batch = this.#queue.batch();
      let rest = Buffer.concat([prefix, batch.bytes]);
      this.#isSynced = false;
      try {
        while (rest.length > 0) rest = rest.subarray(await writeSome(handle, rest));
      } finally {
        batch.remove(batch.bytes.length - rest.length);
        this.#scheduleSync();
      }
    } finally {
      await handle.close();
    }
  }

  async #isOver(limit: number): Promise<boolean> {
    const size = await sizeOf(this.#file);
    return size > 0 && size + this.#queue.bytes > limit;
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
      await syncFile(this.#file);
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

async function writeSome(handle: FileHandle, bytes: Buffer): Promise<number> {
  const { bytesWritten } = await handle.write(bytes);
  if (bytesWritten === 0) throw Object.assign(new Error('Nothing was written'), { code: 'ENOSPC' });
  return bytesWritten;
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

/** One that is not there was rotated away, and synced before. */
async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+').catch((error) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  try {
    await handle?.sync();
  } finally {
    await handle?.close();
  }
}
