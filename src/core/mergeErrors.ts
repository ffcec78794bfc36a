import { HoldfastError } from '../base/errors.ts';
import type { MergePlan } from './mergePlan.ts';

export function hasMoved(branch: string, cause?: unknown): HoldfastError {
  return new HoldfastError('REF_MOVED', `${branch} has moved meanwhile. Nothing was changed.`, {
    advice: 'Try again: what would come of it is looked at anew.',
    data: { branch },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Changes that are not committed are in the way of others. */
export function localChanges(folder: string, files: readonly string[], cause?: unknown): HoldfastError {
  const [first, ...more] = files;
  const named = first === undefined ? '' : ` (${first}${more.length > 0 ? ` and ${more.length} more` : ''})`;
  const text = `What is not committed in ${folder} would be overwritten${named}. Nothing was changed.`;
  return new HoldfastError('LOCAL_CHANGES', text, {
    advice: 'Commit, stash or move it first, or merge into another branch.',
    data: { folder, files: [...files] },
    ...(cause === undefined ? {} : { cause }),
  });
}

export function inConflict({ branch, into, conflicts, how }: MergePlan): HoldfastError {
  const files = [...new Set(conflicts.map(({ file }) => file))];
  const text = `${branch} and ${into} have changed the same places of ${listFiles(files)}. Nothing was changed.`;
  return new HoldfastError('MERGE_CONFLICT', text, {
    advice: `Merge ${into} into the session’s worktree, resolve the conflicts there, and try again${how === 'rebase' ? ' with a merge or a squash' : ''}.`,
    data: { branch, into, conflicts },
  });
}

function listFiles(files: readonly string[]): string {
  const [first = 'a file', ...more] = files;
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}

export function ofItself(branch: string): HoldfastError {
  return new HoldfastError('INVALID_ARGUMENT', `${branch} cannot be merged into itself.`, {
    advice: 'Choose another branch.',
    data: { branch },
  });
}

export function branchGone(branch: string): HoldfastError {
  return new HoldfastError('BRANCH_GONE', `The branch ${branch} is not there, or has no commit.`, { data: { branch } });
}

export function noTarget(into: string): HoldfastError {
  return new HoldfastError('BRANCH_GONE', `There is no local branch ${into} with a commit to merge into.`, {
    advice: 'Choose another branch.',
    data: { branch: into },
  });
}

export function nothingToMerge(branch: string, into: string): HoldfastError {
  return new HoldfastError('NOTHING_TO_MERGE', `${into} has everything already that is committed on ${branch}.`, {
    data: { branch, into },
  });
}
