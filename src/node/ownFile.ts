import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { HoldfastError, systemErrorCode } from '../base/errors.ts';

// Windows has neither flag, and its links are told by a look beforehand.
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** What the system says of a link that is not to be followed, of a folder, and of a pipe that nobody reads. */
const unsafeCodes = new Set(['ELOOP', 'EISDIR', 'ENXIO']);

/**
 * Opens a file that only Holdfast writes, where anyone may have put something else: never through a symbolic link, and
 * never a pipe, a device or a folder. A new one can be read by the user alone.
 *
 * @param flags of `node:fs`, such as `O_RDWR | O_APPEND | O_CREAT`
 * @throws {HoldfastError} `UNSAFE_FILE` for what is no regular file; the system's own error where it cannot be opened.
 */
export async function openOwnFile(file: string, flags: number): Promise<FileHandle> {
  if (!O_NOFOLLOW && (await lstat(file).catch(() => undefined))?.isSymbolicLink()) throw unsafe(file);
  const handle = await open(file, flags | O_NOFOLLOW | O_NONBLOCK, 0o600).catch((error) => {
    throw unsafeCodes.has(systemErrorCode(error) ?? '') ? unsafe(file) : error;
  });
  try {
    if ((await handle.stat()).isFile()) return handle;
    throw unsafe(file);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Cuts the end off such a file. @throws see {@link openOwnFile} */
export async function cutOwnFile(file: string, size: number): Promise<void> {
  const handle = await openOwnFile(file, constants.O_RDWR);
  try {
    await handle.truncate(size);
  } finally {
    await handle.close();
  }
}

export function isUnsafeFile(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === 'UNSAFE_FILE';
}

function unsafe(file: string): HoldfastError {
  return new HoldfastError('UNSAFE_FILE', `${file} is no regular file.`, {
    advice: 'Move it away; Holdfast makes a new one.',
    data: { file },
  });
}
