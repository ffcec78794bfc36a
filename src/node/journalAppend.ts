import { constants } from 'node:fs';
import { type FileHandle, lstat } from 'node:fs/promises';
import { isMissing } from './durableFile.ts';
import type { FrameBatch } from './frameQueue.ts';
import { mendTail } from './journalTail.ts';
import { cutOwnFile, isUnsafeFile, openOwnFile } from './ownFile.ts';
import { moveToQuarantine } from './quarantine.ts';

/**
 * Appends records in one write, having mended the end of the file. Of a write that fails, those that are whole stay
 * and are removed from the batch. To be called where nobody else writes.
 */
export async function appendBatch(file: string, batch: FrameBatch): Promise<void> {
  await appending(file, async (handle, prefix) => {
    let written = -prefix.length;
    await writeAll(handle, Buffer.concat([prefix, batch.bytes]), (count) => {
      written += count;
    }).finally(() => batch.remove(written));
  });
}

/** Appends records, and syncs them; of a write that fails nothing stays. To be called where nobody else writes. */
export async function appendWhole(file: string, bytes: Buffer): Promise<void> {
  let size: number | undefined;
  try {
    await appending(file, async (handle, prefix) => {
      size = (await handle.stat()).size;
      await writeAll(handle, Buffer.concat([prefix, bytes]));
      await handle.sync();
    });
  } catch (error) {
    if (size !== undefined) await cutOwnFile(file, size).catch(() => undefined);
    throw error;
  }
}

/** 0 where there is no such file, or something else in its place; bytes. */
export async function sizeOf(file: string): Promise<number> {
  try {
    const entry = await lstat(file);
    return entry.isFile() ? entry.size : 0;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

/** One that is not there was rotated away, and synced before; what is no file is moved away with the next record. */
export async function syncFile(file: string): Promise<void> {
  const handle = await openOwnFile(file, constants.O_RDWR).catch((error) => {
    if (isMissing(error) || isUnsafeFile(error)) return undefined;
    throw error;
  });
  try {
    await handle?.sync();
  } finally {
    await handle?.close();
  }
}

async function appending(file: string, write: (handle: FileHandle, prefix: Buffer) => Promise<void>): Promise<void> {
  const handle = await openToAppend(file);
  try {
    await write(handle, Buffer.from(await mendTail(handle, file)));
  } finally {
    await handle.close();
  }
}

/** What others have put in the file's place, such as a link to a file of theirs, is moved away as it is. */
async function openToAppend(file: string): Promise<FileHandle> {
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT;
  try {
    return await openOwnFile(file, flags);
  } catch (error) {
    if (!isUnsafeFile(error)) throw error;
    await moveToQuarantine(file, { reason: 'it was no regular file' });
    return openOwnFile(file, flags);
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, onWritten?: (count: number) => void): Promise<void> {
  for (let rest = bytes; rest.length > 0; ) {
    const { bytesWritten } = await handle.write(rest);
    if (bytesWritten === 0) throw Object.assign(new Error('Nothing was written'), { code: 'ENOSPC' });
    onWritten?.(bytesWritten);
    rest = rest.subarray(bytesWritten);
  }
}
