import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import * as v from 'valibot';
import { type StoredEvent, storedEventSchema } from '../protocol/sessionEvent.ts';
import { isMissing } from './durableFile.ts';
import { FrameScanner } from './eventFrames.ts';
import { asideFiles, fullJournalFiles, journalFile } from './journalFiles.ts';
import { isUnsafeFile, openOwnFile } from './ownFile.ts';

const chunkSize = 256 * 1024;

/** Reads the events of a journal, oldest first, while others may append to it and rotate it. */
export class JournalReader {
  readonly #folder: string;
  readonly #frames = new FrameScanner();
  #unreadable = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** How many records were skipped so far because they are damaged; a torn tail is none. */
  get damaged(): number {
    return this.#frames.damaged + this.#unreadable;
  }

  /** Nothing where there is no journal. @throws what the file system reports where a file cannot be read. */
  async *read(): AsyncGenerator<StoredEvent> {
    const files = await openAll(this.#folder);
    try {
      for (const file of files) yield* this.#readFile(file);
    } finally {
      await closeAll(files);
    }
  }

  async *#readFile(file: FileHandle): AsyncGenerator<StoredEvent> {
    const buffer = Buffer.allocUnsafe(chunkSize);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, chunkSize, null);
      const end = bytesRead === 0 ? 'end of file' : 'more follows';
      for (const json of this.#frames.scan(buffer.subarray(0, bytesRead), end)) {
        const event = v.safeParse(storedEventSchema, parsed(json));
        if (event.success) yield event.output;
        else this.#unreadable++;
      }
      if (bytesRead === 0) return;
    }
  }
}

/**
 * What windows have not taken in yet comes first, so that it is found either there or where they have put it; then the
 * current file, so that one that is rotated away meanwhile is found under its new name as well.
 */
async function openAll(folder: string): Promise<FileHandle[]> {
  const opened: FileHandle[] = [];
  try {
    const asides = await openEach(await asideFiles(folder), opened);
    const current = await openEach([journalFile(folder)], opened);
    const full = await openEach(await fullJournalFiles(folder), opened);
    const inOrder = await withoutRepeats([...full, ...current, ...asides]);
    await closeAll(opened.filter((handle) => !inOrder.includes(handle)));
    return inOrder;
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** Those that are there; each is in `opened` as well. */
async function openEach(files: readonly string[], opened: FileHandle[]): Promise<FileHandle[]> {
  const found: FileHandle[] = [];
  for (const file of files) {
    const handle = await openIfThere(file);
    if (!handle) continue;
    found.push(handle);
    opened.push(handle);
  }
  return found;
}

async function withoutRepeats(handles: readonly FileHandle[]): Promise<FileHandle[]> {
  const byFile = new Map<string, FileHandle>();
  for (const handle of handles) {
    const { dev, ino } = await handle.stat({ bigint: true });
    const file = `${dev} ${ino}`;
    if (!byFile.has(file)) byFile.set(file, handle);
  }
  return [...byFile.values()];
}

async function closeAll(handles: FileHandle[]): Promise<void> {
  await Promise.all(handles.map((handle) => handle.close()));
}

/** What is no regular file is no journal. */
async function openIfThere(file: string): Promise<FileHandle | undefined> {
  return openOwnFile(file, constants.O_RDONLY).catch((error) => {
    if (isMissing(error) || isUnsafeFile(error)) return undefined;
    throw error;
  });
}

/** Undefined for what is no JSON, whose checksum only somebody else can have made. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
