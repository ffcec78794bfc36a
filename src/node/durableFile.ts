import { link, open, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { KeyedSequencer } from '../base/async.ts';
import { describeError, HoldfastError, systemErrorCode } from '../base/errors.ts';
import { draftOf } from './drafts.ts';
import { makeFolders } from './makeFolders.ts';
import { readRegularFile } from './regularFile.ts';
import { renameOver } from './renameFile.ts';

export interface WriteOptions {
  /** Permission bits; the default lets only the user read. */
  mode?: number;
  /** Keeps what the file holds now as {@link previousVersion}. */
  keepPrevious?: boolean;
  /** Runs once the new content is whole, under another name; where it throws, nothing has changed. */
  beforeReplace?: () => Promise<void>;
}

/** Where a file's last version is kept: `sessions.json` → `sessions.previous.json`. */
export function previousVersion(file: string): string {
  const { dir, name, ext } = path.parse(file);
  return path.join(dir, `${name}.previous${ext}`);
}

const writes = new KeyedSequencer<string>();

/**
 * Replaces a file as a whole: after a crash it holds the old or the new content, and once this returns the new
 * one survives a power cut. A symbolic link in its place is replaced, not followed.
 *
 * @throws {HoldfastError} `DISK_FULL` or `STORAGE_NOT_WRITABLE`; the old content is then untouched, unless the message
 *   says that the new one is there but may not last.
 */
export async function writeDurable(file: string, data: string | Buffer, options: WriteOptions = {}): Promise<void> {
  try {
    await writes.queue(path.resolve(file), () => replace(file, data, options));
  } catch (error) {
    throw toStorageError(error, file);
  }
}

/**
 * Makes a new file, which survives a power cut once this returns; false where there is one of that name already, which
 * stays. On a file system without hard links a crash may leave a part of it.
 *
 * @throws {HoldfastError} `DISK_FULL` or `STORAGE_NOT_WRITABLE`; the file is then not there.
 */
export async function createDurable(file: string, data: string | Buffer): Promise<boolean> {
  try {
    return await create(file, data);
  } catch (error) {
    throw toStorageError(error, file);
  }
}

/**
 * Gives a file another name, over whatever has it, to last once this returns. Nothing happens where it is not there.
 *
 * @throws {HoldfastError} `DISK_FULL` or `STORAGE_NOT_WRITABLE`
 */
export async function moveDurable(from: string, to: string): Promise<void> {
  try {
    await renameOver(from, to);
    // In this order, so that a power cut takes it from neither place before it is in the other.
    for (const folder of new Set([path.dirname(to), path.dirname(from)])) await syncFolder(folder);
  } catch (error) {
    if (!isMissing(error)) throw toStorageError(error, to);
  }
}

async function create(file: string, data: string | Buffer): Promise<boolean> {
  let isNew = false;
  try {
    await writeDraft(file, data, 0o600, async (draft) => {
      isNew = await nameIfFree(draft, file, data);
      // One that stays is swept later.
      await unlink(draft).catch(() => undefined);
    });
  } catch (error) {
    if (isNew) await unlink(file).catch(() => undefined);
    throw error;
  }
  return isNew;
}

async function replace(
  file: string,
  data: string | Buffer,
  { mode = 0o600, keepPrevious, beforeReplace }: WriteOptions,
): Promise<void> {
  await writeDraft(file, data, mode, async (draft) => {
    await beforeReplace?.();
    if (keepPrevious) await keepCurrent(file, mode);
    await renameOver(draft, file);
  });
}

/** Writes the draft of a file, which `place` then gives its name. */
async function writeDraft(
  file: string,
  data: string | Buffer,
  mode: number,
  place: (draft: string) => Promise<void>,
): Promise<void> {
  await makeFolder(path.dirname(file));
  const draft = draftOf(file);
  try {
    await writeFileAtomic(draft, data, { mode, fsync: true });
    await requireWhole(draft, data);
    await place(draft);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
  await syncFolder(path.dirname(file)).catch((error) => {
    throw notLasting(error, file);
  });
}

/** Makes a folder and those above it that are missing, with names that last. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await makeFolders(folder);
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = path.dirname(made)) await syncFolder(path.dirname(made));
}

/** The writer does not look at how much the system took. */
async function requireWhole(draft: string, data: string | Buffer): Promise<void> {
  const { size } = await stat(draft);
  if (size === Buffer.byteLength(data)) return;
  throw Object.assign(new Error(`Only ${size} bytes were written`), { code: 'ENOSPC' });
}

/** Gives a draft its name beside its own; false where another file has it. */
async function nameIfFree(draft: string, file: string, data: string | Buffer): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    // Not every file system has links.
    return writeIfFree(file, data);
  }
}

async function writeIfFree(file: string, data: string | Buffer): Promise<boolean> {
  const handle = await open(file, 'wx', 0o600).catch((error) => {
    if (systemErrorCode(error) === 'EEXIST') return undefined;
    throw error;
  });
  if (!handle) return false;
  try {
    await handle.writeFile(data);
    await handle.sync();
    await handle.close();
    return true;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await unlink(file).catch(() => undefined);
    throw error;
  }
}

/** The file stays where it is meanwhile, under both names. */
async function keepCurrent(file: string, mode: number): Promise<void> {
  const draft = draftOf(file);
  try {
    await link(file, draft).catch(async (error) => {
      if (isMissing(error)) throw error;
      // Not every file system has links. What has the name already may be the very file, which must not be written to.
      await writeFile(draft, await readRegularFile(file), { mode, flag: 'wx', flush: true });
    });
    await renameOver(draft, previousVersion(file));
  } catch (error) {
    if (!isMissing(error)) throw error;
  } finally {
    // Renaming does nothing where both are names of one file, as after a write that went no further than here.
    await unlink(draft).catch(() => undefined);
  }
}

export async function writeJson(file: string, value: unknown, options?: WriteOptions): Promise<void> {
  await writeDurable(file, `${JSON.stringify(value, undefined, 2)}\n`, options);
}

/** The parsed content, or undefined where there is no such file or no JSON in it, as in a folder or a pipe. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse((await readRegularFile(file)).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof HoldfastError || isMissing(error)) return undefined;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Makes a rename last; Windows cannot open a folder and needs none of it, nor do some network file systems. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'ENOSYS'].includes(systemErrorCode(error) ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

const tooManyOpen = {
  code: 'STORAGE_NOT_WRITABLE' as const,
  what: 'Too many files are open to write to the folder',
  advice: 'Close some programs and try again.',
};

const storageErrors: Record<string, { code: 'DISK_FULL' | 'STORAGE_NOT_WRITABLE'; what: string; advice: string }> = {
  ENOSPC: { code: 'DISK_FULL', what: 'The disk is full', advice: 'Free some space and try again.' },
  EDQUOT: { code: 'DISK_FULL', what: 'Your disk quota is used up', advice: 'Free some space and try again.' },
  EACCES: notWritable('is not writable'),
  EPERM: notWritable('is not writable'),
  EROFS: notWritable('is on a read-only disk'),
  EIO: notWritable('is on a disk that reports an error'),
  ESTALE: { ...notWritable('is on a network disk that has lost it'), advice: 'Check the connection and try again.' },
  ETIMEDOUT: {
    ...notWritable('is on a network disk that does not answer'),
    advice: 'Check the connection and try again.',
  },
  EBUSY: { ...notWritable('has a file that another program holds'), advice: 'Close that program and try again.' },
  EMFILE: tooManyOpen,
  ENFILE: tooManyOpen,
  EISDIR: notWritable('has a folder in the place of the file'),
  ENOTDIR: notWritable('cannot be made, for a file is in its place'),
  EEXIST: notWritable('cannot be made, for a file is in its place'),
  ENOENT: notWritable('is not there and cannot be made'),
  ENAMETOOLONG: notWritable('has a path that is too long for this system'),
};

function notWritable(what: string) {
  return {
    code: 'STORAGE_NOT_WRITABLE' as const,
    what: `The folder ${what}`,
    advice: 'Check its permissions, or point HOLDFAST_STATE_DIR to another folder.',
  };
}

function notLasting(error: unknown, file: string): HoldfastError {
  const reason = systemErrorCode(error) ?? describeError(error);
  const { code } = storageErrors[reason] ?? { code: 'STORAGE_NOT_WRITABLE' as const };
  return new HoldfastError(code, `${file} was written but may not survive a power cut (${reason}).`, {
    advice: 'Check the disk.',
    data: { file },
    cause: error,
  });
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
