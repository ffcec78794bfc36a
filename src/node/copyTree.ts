import type { Stats } from 'node:fs';
import {
  chmod,
  constants,
  copyFile,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readlink,
  symlink,
  utimes,
} from 'node:fs/promises';
import path from 'node:path';
import { forEachAtMost } from '../base/async.ts';
import { systemErrorCode } from '../base/errors.ts';

/** How many files are copied at a time: enough to keep a disk busy, few enough for any limit of open files. */
const maxCopies = 8;

export interface CopyOptions {
  /** What is left out of folders, by its absolute path. */
  isApart: (file: string) => boolean;
  /** Where a link that is copied leads, as it is written, for the copy. */
  retarget: (link: string, target: string) => string;
  /** A file that cannot be copied, and why; the others are. */
  onProblem: (file: string, error: unknown) => void;
  signal?: AbortSignal | undefined;
}

/** Errors that are not of one file alone. */
const fatal = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE', 'ENFILE', 'EIO']);

/**
 * Copies a file, a link or a folder with all that is in it, without following links: content shared where the file
 * system can do that, modes and times as they are. Sockets, pipes and devices are left out.
 *
 * @throws the system's error where nothing further can be copied, and the signal's reason
 */
export async function copyTree(source: string, target: string, options: CopyOptions): Promise<void> {
  options.signal?.throwIfAborted();
  try {
    await copyOne(source, target, await lstat(source), options);
  } catch (error) {
    if (options.signal?.aborted || fatal.has(systemErrorCode(error) ?? '')) throw error;
    options.onProblem(source, error);
  }
}

async function copyOne(source: string, target: string, kind: Stats, options: CopyOptions): Promise<void> {
  if (kind.isDirectory()) return copyFolder(source, target, kind, options);
  if (kind.isSymbolicLink()) return copyLink(source, target, kind, options);
  if (!kind.isFile()) return;
  await copyFile(source, target, constants.COPYFILE_FICLONE);
  await utimes(target, kind.atime, kind.mtime);
}

async function copyFolder(source: string, target: string, kind: Stats, options: CopyOptions): Promise<void> {
  const entries = await readdir(source, { withFileTypes: true });
  await mkdir(target);
  const names = (isFolder: boolean) =>
    entries
      .filter((entry) => entry.isDirectory() === isFolder && !options.isApart(path.join(source, entry.name)))
      .map(({ name }) => name);
  const copy = (name: string) => copyTree(path.join(source, name), path.join(target, name), options);
  await forEachAtMost(maxCopies, names(false), copy);
  for (const name of names(true)) await copy(name);
  // Last, for one that may not be written could get nothing.
  await chmod(target, kind.mode & 0o7777);
  await utimes(target, kind.atime, kind.mtime);
}

async function copyLink(source: string, target: string, kind: Stats, { retarget }: CopyOptions): Promise<void> {
  await symlink(retarget(source, await readlink(source)), target);
  // Not every system can do that to a link.
  await lutimes(target, kind.atime, kind.mtime).catch(() => undefined);
}
