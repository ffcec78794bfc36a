import { homedir } from 'node:os';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { isLive } from '../core/sessionRecord.ts';
import { excludedFolder, type LocationContext } from '../core/worktreeLocation.ts';
import { tagOf } from '../core/worktreeTag.ts';
import { exists } from '../node/exists.ts';
import { type GitRepository, listWorktrees, namedBase, resolveCommit, type Workplace } from '../node/repository.ts';
import { addSubmodules, hasSubmodules } from '../node/submodules.ts';
import { type BranchStart, isHalfMade, isWorktreeOf, NewWorktree, tagWorktree } from '../node/worktree.ts';
import { gitDirOf } from '../node/worktreeLink.ts';
import { lockWorktree, unlockWorktree } from '../node/worktreeLock.ts';
import { keepTagFile, tagName } from '../node/worktreeTags.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** What the setting for the place of worktrees is filled in with. */
export function locationContext(workplace: Workplace): LocationContext {
  const { root } = workplace;
  const commonDir = workplace.kind === 'git' ? workplace.commonDir : path.join(root, '.git');
  return { root, commonDir, home: homedir() };
}

/**
 * Without a start the branch must be there; one that the user had already is checked out as it is. By the setting for the
 * place of worktrees it is known what git is to leave out.
 */
export function beginWorktree(
  repository: GitRepository,
  record: SessionRecord,
  { start, setting = '' }: { start?: BranchStart | undefined; setting?: string },
): Promise<NewWorktree> {
  const { branch, worktreePath } = record;
  const around = excludedFolder(setting, locationContext(repository), worktreePath);
  const begins = start && ownsBranch(record) ? { start } : {};
  return NewWorktree.begin(repository, { path: worktreePath, branch, around, ...begins });
}

/** The tag can rebuild a record that was lost; as long as the session lives the worktree is locked for it. */
export async function tagSession({ key, root }: GitRepository, record: SessionRecord): Promise<void> {
  await tagWorktree(record.worktreePath, tagOf(record, key));
  if (isLive(record)) await lockWorktree(root, record);
  else await unlockWorktree(root, record.worktreePath);
}

/** The same for a worktree that was there before; what is returned puts its former tag back, or none. */
export async function tagAdopted(repository: GitRepository, record: SessionRecord): Promise<() => Promise<void>> {
  const gitDir = await gitDirOf(record.worktreePath);
  const putBack = await keepTagFile(path.join(gitDir ?? '', tagName));
  await tagSession(repository, record);
  return async () => {
    await unlockWorktree(repository.root, record.worktreePath);
    await putBack();
  };
}

/** Whether the session's branch was made for it; one that the user had already is never deleted. */
export function ownsBranch({ metadata }: SessionRecord): boolean {
  return metadata?.ownsBranch === true;
}

/** Whether the session's worktree was made for it; one that was adopted is the user's, and stays. */
export function ownsWorktree({ metadata }: SessionRecord): boolean {
  return metadata?.ownsWorktree !== false;
}

/** Whether submodules are initialized where its worktree is made. */
export function wantsSubmodules({ metadata }: SessionRecord): boolean {
  return metadata?.submodules === true;
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
    // The user has removed it, and it may have had work; one that was adopted was never ours to make.
    if (entry || !ownsWorktree(record)) return undefined;
    const isThere = (await resolveCommit(repository.root, `refs/heads/${branch}`)) !== undefined;
    const start = isThere ? undefined : await startAnew(repository, record);
    const worktree = await beginWorktree(repository, record, { start });
    notice = isThere ? undefined : madeAnew(record, start?.upstream ?? baseBranch);
    try {
      await worktree.checkOut();
      if (wantsSubmodules(record) && (await worktree.hasSubmodules())) await worktree.addSubmodules();
    } catch (error) {
      await worktree.undo();
      throw error;
    }
  } else if (!(await isWorktreeOf(repository, worktreePath))) {
    throw inTheWay(record);
  } else if (wantsSubmodules(record) && (await hasSubmodules(worktreePath))) {
    await addSubmodules(worktreePath);
  }
  await tagSession(repository, record);
  return notice;
}

/** Where a branch that is gone begins again: at the remote one that it followed, else at its base. */
async function startAnew({ root }: GitRepository, { baseBranch, metadata }: SessionRecord): Promise<BranchStart> {
  const { upstream } = metadata ?? {};
  const commit = typeof upstream === 'string' && (await resolveCommit(root, `refs/remotes/${upstream}`));
  return commit ? { commit, upstream: upstream as string } : { commit: (await namedBase(root, baseBranch)).commit };
}

function madeAnew({ name, branch }: SessionRecord, start: string): string {
  return `The branch ${branch} of “${name}” was gone and was made anew from ${start}: commits that were on it alone are not in it.`;
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
