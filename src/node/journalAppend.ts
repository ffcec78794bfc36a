import { type FileHandle, open, stat, truncate } from 'node:fs/promises';
import { isMissing } from './durableFile.ts';
import type { FrameBatch } from './frameQueue.ts';
import { mendTail } from './journalTail.ts';

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
    if (size !== undefined) await truncate(file, size).catch(() => undefined);
    throw error;
  }
}

/** 0 where there is no such file; bytes. */
export async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

/** One that is not there was rotated away, and synced before. */
export async function syncFile(file: string): Promise<void> {
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

async function appending(file: string, write: (handle: FileHandle, prefix: Buffer) => Promise<void>): Promise<void> {
  const handle = await open(file, 'a+', 0o600);
  try {
    await write(handle, Buffer.from(await mendTail(handle, file)));
  } finally {
    await handle.close();
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
