import { HoldfastError } from '../base/errors.ts';
import { tagOf } from '../core/worktreeTag.ts';
import { exists } from '../node/exists.ts';
import { type Base, type GitRepository, listWorktrees, namedBase, resolveCommit } from '../node/repository.ts';
import { isHalfMade, isWorktreeOf, NewWorktree, tagWorktree } from '../node/worktree.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** Without a base the branch must be there; one that the user had already is checked out as it is. */
export function beginWorktree(
  repository: GitRepository,
  record: SessionRecord,
  base: Base | undefined,
): Promise<NewWorktree> {
  const { branch, worktreePath } = record;
  const start = base && ownsBranch(record) ? { start: base.commit } : {};
  return NewWorktree.begin(repository, { path: worktreePath, branch, ...start });
}

/** The tag can rebuild a record that was lost. */
export function tagSession({ key }: GitRepository, record: SessionRecord): Promise<void> {
  return tagWorktree(record.worktreePath, tagOf(record, key));
}

/** Whether the session's branch was made for it; one that the user had already is never deleted. */
export function ownsBranch({ metadata }: SessionRecord): boolean {
  return metadata?.ownsBranch === true;
}

/**
 * Makes the worktree of a session whose window ended before it had one, at what its base is now; its branch may
 * be there.
 *
 * @returns What the user should know of that, as whole sentences.
 * @throws {HoldfastError} `FOLDER_EXISTS` while git is at work on it, or was killed, and where something else is in
 *   its place; `INVALID_ARGUMENT` where the base is gone; `BRANCH_EXISTS`, `DISK_FULL`, `GIT_FAILED`
 */
export async function completeWorktree(repository: GitRepository, record: SessionRecord): Promise<string | undefined> {
  let notice: string | undefined;
  const { branch, baseBranch, worktreePath } = record;
  const entry = (await listWorktrees(repository.root)).find(({ path: folder }) => folder === worktreePath);
  if (entry && isHalfMade(entry)) throw halfMade(record);
  if (!(await exists(worktreePath))) {
    // The user has removed it, and it may have had work.
    if (entry) return undefined;
    const isThere = (await resolveCommit(repository.root, `refs/heads/${branch}`)) !== undefined;
    const base = isThere ? undefined : await namedBase(repository.root, baseBranch);
    const worktree = await beginWorktree(repository, record, base);
    notice = isThere ? undefined : madeAnew(record);
    try {
      await worktree.checkOut();
    } catch (error) {
      await worktree.undo();
      throw error;
    }
  } else if (!(await isWorktreeOf(repository, worktreePath))) {
    throw inTheWay(record);
  }
  await tagSession(repository, record);
  return notice;
}

function madeAnew({ name, branch, baseBranch }: SessionRecord): string {
  return `The branch ${branch} of “${name}” was gone and was made anew from ${baseBranch}: commits that were on it alone are not in it.`;
}

function halfMade({ id, name, worktreePath }: SessionRecord): HoldfastError {
  return new HoldfastError('FOLDER_EXISTS', `The worktree of “${name}” is half made: ${worktreePath}.`, {
    advice: `Wait for git if it is at work there; else run “git worktree remove -f -f ${worktreePath}” and try again.`,
    data: { id, folder: worktreePath },
  });
}

function inTheWay({ id, name, worktreePath }: SessionRecord): HoldfastError {
  return new HoldfastError('FOLDER_EXISTS', `What is in the place of “${name}”’s worktree is none: ${worktreePath}.`, {
    advice: 'Move it away and try again, or destroy the session.',
    data: { id, folder: worktreePath },
  });
}
