import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from '../base/errors.ts';

/**
 * Makes a folder and those above it that are missing; returns the uppermost one that was made. One after the other,
 * for Node's own way never ends where a file system refuses new folders as if what is above them were missing, as
 * `/proc` does.
 */
export async function makeFolders(folder: string, mode = 0o700): Promise<string | undefined> {
  const parent = path.dirname(folder);
  try {
    return await makeOne(folder, mode);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT' || parent === folder) throw error;
  }
  const first = await makeFolders(parent, mode);
  const made = await makeOne(folder, mode);
  return first ?? made;
}

/** Undefined where it is there already: not every system says so of a folder that may not be made. */
async function makeOne(folder: string, mode: number): Promise<string | undefined> {
  try {
    await mkdir(folder, { mode });
    return folder;
  } catch (error) {
    if (await isFolder(folder)) return undefined;
    throw error;
  }
}

function isFolder(folder: string): Promise<boolean> {
  return stat(folder).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}
