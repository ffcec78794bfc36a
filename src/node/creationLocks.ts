import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isMissing } from './durableFile.ts';

/** A lock that is held while a session's worktree is made. */
export interface CreationLock {
  /** Of the session. */
  id: string;
  file: string;
}

const lockName = /^creation-(.+)\.lock$/;

/** Where the lock for session `id` is; `folder` is that of the repository, as below. */
export function creationLockFile(folder: string, id: string): string {
  return path.join(folder, `creation-${id}.lock`);
}

/** All of these locks, those that killed processes have left included. */
export async function findCreationLocks(folder: string): Promise<CreationLock[]> {
  const names = await readdir(folder).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names.flatMap((name) => {
    const [, id] = lockName.exec(name) ?? [];
    return id ? [{ id, file: path.join(folder, name) }] : [];
  });
}
