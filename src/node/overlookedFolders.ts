import path from 'node:path';
import { walkFolder } from './folderWalk.ts';
import { isGitlink, readIndex, type WorktreeStatus } from './worktreeStatus.ts';

/**
 * What git's status leaves out of a worktree, though it goes with it: a `.git` in a folder with tracked files, as after a
 * `git init` there, and one that is no repository.
 *
 * @returns Relative, with slashes.
 * @throws {HoldfastError} `GIT_FAILED`, and what the system says of a folder that cannot be read.
 */
export async function findOverlooked(folder: string, { untracked, ignored }: WorktreeStatus): Promise<string[]> {
  const told = new Set([...untracked, ...ignored].map((entry) => entry.replace(/\/$/, '')));
  const found: string[] = [];
  const skip = (below: string) => {
    if (below !== '.git' && isGits(below)) found.push(below);
    return isGits(below) || told.has(below);
  };
  for await (const entry of walkFolder(folder, '', skip))
    if (entry.path !== '.git' && isGits(entry.path) && !told.has(entry.path)) found.push(entry.path);
  return found.length === 0 ? [] : withoutSubmodules(folder, found);
}

async function withoutSubmodules(folder: string, found: readonly string[]): Promise<string[]> {
  const submodules = (await readIndex(folder)).filter(isGitlink).map((entry) => `${entry.path}/`);
  return found.filter((name) => !submodules.some((submodule) => name.startsWith(submodule)));
}

function isGits(name: string): boolean {
  return path.posix.basename(name) === '.git';
}
