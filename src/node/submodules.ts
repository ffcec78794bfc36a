import path from 'node:path';
import { exists } from './exists.ts';
import { git, tryGit } from './git.ts';
import { removeWorktree } from './gitWorktreeRemove.ts';
import type { Watched } from './remotes.ts';
import { unlockWorktree } from './worktreeLock.ts';
import { treeTimeout } from './worktreeRemoval.ts';

/** How long a clone may go without a word, as it does while it checks out files; milliseconds. */
const patience = treeTimeout;

/** A large clone that goes on is the user's to cancel; milliseconds. */
const cloneTimeout = 60 * 60_000;

export function hasSubmodules(folder: string): Promise<boolean> {
  return exists(path.join(folder, '.gitmodules'));
}

/** Clones and checks out a worktree's submodules, and theirs. @throws {HoldfastError} `GIT_FAILED` */
export async function addSubmodules(folder: string, watched: Watched = {}): Promise<void> {
  const progress = watched.onProgress ? ['--progress'] : ['--quiet'];
  const args = ['submodule', 'update', '--init', '--recursive', ...progress];
  await git(args, { cwd: folder, timeout: cloneTimeout, patience, ...watched });
}

/**
 * Removes a worktree that was just made, which git refuses to do where it has submodules. What is in it beside those, or
 * was changed in them, stays; `half` ones hold nothing yet that anybody could have changed.
 */
export async function removeWithSubmodules(root: string, folder: string, state: 'half' | 'whole'): Promise<void> {
  const ignore = state === 'half' ? 'all' : 'none';
  const args = ['status', '--porcelain', '--untracked-files=all', '--ignored', `--ignore-submodules=${ignore}`];
  const status = await tryGit(args, { cwd: folder, timeout: treeTimeout }).catch(() => undefined);
  if (status !== '') return;
  await unlockWorktree(root, folder).catch(() => undefined);
  await removeWorktree({ root, path: folder, options: ['--force'] }).catch(() => undefined);
}

/** The names of what the repository's configuration says about submodules that were initialized in any of its worktrees. */
export async function submoduleSettings(root: string): Promise<string[]> {
  const args = ['config', '--local', '--null', '--name-only', '--get-regexp', '^submodule\\.'];
  return ((await tryGit(args, { cwd: root })) ?? '').split('\0').filter(Boolean);
}

/** Takes back what the initialization of submodules has added to the configuration. */
export async function forgetSubmoduleSettings(root: string, before: readonly string[]): Promise<void> {
  for (const name of await submoduleSettings(root))
    if (!before.includes(name)) await tryGit(['config', '--local', '--unset-all', name], { cwd: root });
}
