import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { HoldfastError, systemErrorCode } from '../base/errors.ts';

export interface WriteOptions {
  /** Permission bits; the default lets only the user read. */
  mode?: number;
}

/**
 * Replaces a file as a whole: after a crash it holds the old or the new content, and once this returns the new
 * one survives a power cut.
 *
 * @throws {HoldfastError} `DISK_FULL` or `STORAGE_NOT_WRITABLE`; the old content is then untouched.
 */
export async function writeDurable(file: string, data: string, { mode = 0o600 }: WriteOptions = {}): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeFileAtomic(file, data, { mode, fsync: true });
    await syncFolder(path.dirname(file));
  } catch (error) {
    throw toStorageError(error, file);
  }
}

export async function writeJson(file: string, value: unknown, options?: WriteOptions): Promise<void> {
  await writeDurable(file, `${JSON.stringify(value, undefined, 2)}\n`, options);
}

/** The parsed content, or undefined where there is no such file or no JSON in it. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || isMissing(error)) return undefined;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Makes a rename last; Windows cannot open a folder and needs none of it. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const storageErrors: Record<string, { code: 'DISK_FULL' | 'STORAGE_NOT_WRITABLE'; what: string; advice: string }> = {
  ENOSPC: { code: 'DISK_FULL', what: 'The disk is full', advice: 'Free some space and try again.' },
  EDQUOT: { code: 'DISK_FULL', what: 'Your disk quota is used up', advice: 'Free some space and try again.' },
  EACCES: notWritable('is not writable'),
  EPERM: notWritable('is not writable'),
  EROFS: notWritable('is on a read-only disk'),
  ENOTDIR: notWritable('cannot be made, for a file is in its place'),
  EEXIST: notWritable('cannot be made, for a file is in its place'),
};

function notWritable(what: string) {
  return {
    code: 'STORAGE_NOT_WRITABLE' as const,
    what: `The folder ${what}`,
    advice: 'Check its permissions, or point HOLDFAST_STATE_DIR to another folder.',
  };
}

/** A file system error as advice for the user; any other error as it is. */
export function toStorageError(error: unknown, file: string): unknown {
  const known = storageErrors[systemErrorCode(error) ?? ''];
  if (!known) return error;
  return new HoldfastError(known.code, `${known.what}: ${path.dirname(file)}. Nothing was changed.`, {
    advice: known.advice,
    data: { file },
    cause: error,
  });
}
