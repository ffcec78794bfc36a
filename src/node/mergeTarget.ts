import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { changedBoth, makesRoom, parseStatusFiles } from '../core/localChanges.ts';
import { localChanges } from '../core/mergeErrors.ts';
import type { FileChange } from '../core/mergePlan.ts';
import { isMissing } from './durableFile.ts';
import { exists } from './exists.ts';
import { git, tryGit } from './git.ts';
import { operationInProgress, operationOn, requireNoOperation } from './gitOperation.ts';
import { type GitRepository, listWorktrees } from './repository.ts';
import { treeTimeout } from './worktreeRemoval.ts';

/**
 * The folder in which a branch is checked out; undefined where only its ref has to move.
 *
 * @throws {HoldfastError} `OPERATION_IN_PROGRESS` where it is to be moved by what is under way in some checkout;
 *   `BRANCH_EXISTS` where it is checked out twice, or in a folder that is away
 */
export async function checkoutOf(repository: GitRepository, branch: string): Promise<string | undefined> {
  const moving = await operationOn(repository, branch);
  if (moving) throw operationInProgress(moving.operation, moving.folder);
  const holders = (await listWorktrees(repository.root)).filter((entry) => entry.branch === branch);
  const [first, second] = holders;
  if (first && second) throw checkedOutTwice(branch, first.path, second.path);
  if (!first || (await exists(first.path))) return first?.path;
  // Git would forget a worktree that is gone, but not one that is locked, as on a disk that is elsewhere.
  if (first.lockReason === undefined) return undefined;
  throw new HoldfastError('BRANCH_EXISTS', `${branch} is checked out in ${first.path}, which is not there now.`, {
    advice: 'Bring that folder back, or merge into another branch.',
    data: { branch, path: first.path },
  });
}

/**
 * Whether files of a checkout can be changed so without the loss of anything.
 *
 * @throws {HoldfastError} `OPERATION_IN_PROGRESS`, `LOCAL_CHANGES` with `data.files`
 */
export async function requireRoom(folder: string, changes: readonly FileChange[]): Promise<void> {
  await requireNoOperation(folder);
  const files = [...(await changedHere(folder, changes)), ...(await unknownHere(folder, changes))];
  if (files.length > 0) throw localChanges(folder, files);
}

/** What git knows and the user has changed, staged or not. */
async function changedHere(folder: string, changes: readonly FileChange[]): Promise<string[]> {
  const args = ['status', '--porcelain=v1', '-z', '--untracked-files=no', '--no-renames', '--ignore-submodules=dirty'];
  return changedBoth(parseStatusFiles(await git(args, { cwd: folder, timeout: treeTimeout })), changes);
}

/** What git does not know, ignored or not, in the place of files that are added. */
async function unknownHere(folder: string, changes: readonly FileChange[]): Promise<string[]> {
  const ignoresCase = (await tryGit(['config', '--type=bool', 'core.ignoreCase'], { cwd: folder }))?.trim() === 'true';
  const files: string[] = [];
  for (const { kind, file } of changes) {
    if (kind !== 'added' || makesRoom(file, changes, ignoresCase)) continue;
    if (await isTaken(path.join(folder, file))) files.push(file);
  }
  return files;
}

/** A file in the place of one of its folders takes it, too; an empty folder does not. */
async function isTaken(file: string): Promise<boolean> {
  try {
    return !(await lstat(file)).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return true;
    if (isMissing(error)) return false;
    throw error;
  }
}

function checkedOutTwice(branch: string, one: string, other: string): HoldfastError {
  return new HoldfastError('BRANCH_EXISTS', `${branch} is checked out in ${one} and in ${other}.`, {
    advice: 'Only one of them could be updated: switch the other one to another branch first.',
    data: { branch, paths: [one, other] },
  });
}
