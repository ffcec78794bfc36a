import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { delay } from '../base/async.ts';
import { HoldfastError, systemErrorCode } from '../base/errors.ts';

/** Far above what any list of sessions takes; bytes. */
const maxSize = 256 * 1024 * 1024;

/** What the system says while it has too much to do, or another program has the file for itself. */
const passing = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'EBUSY']);

/** How long to wait before each further attempt; milliseconds. */
const pauses = [10, 50, 200];

/**
 * The bytes of a file that anyone may have put there: never waits for a pipe, never reads a device.
 *
 * @throws {HoldfastError} `UNSAFE_FILE` for what is no regular file or larger than `limit` bytes; the system's own
 *   error where the file cannot be read.
 */
export async function readRegularFile(file: string, limit = maxSize): Promise<Buffer> {
  for (const pause of pauses) {
    try {
      return await read(file, limit);
    } catch (error) {
      if (!passing.has(systemErrorCode(error) ?? '')) throw error;
      await delay(pause);
    }
  }
  return read(file, limit);
}

async function read(file: string, limit: number): Promise<Buffer> {
  // Windows has neither pipes in folders nor this flag.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const entry = await handle.stat();
    if (!entry.isFile()) throw unsafe(file, 'is no regular file');
    if (entry.size > limit) throw unsafe(file, `is larger than ${Math.round(limit / 1024 / 1024)} MB`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function unsafe(file: string, what: string): HoldfastError {
  return new HoldfastError('UNSAFE_FILE', `${file} ${what}.`, {
    advice: 'Move it away; what it should hold is recovered from its copies.',
    data: { file, what },
  });
}
