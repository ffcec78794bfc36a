import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { describeError } from '../base/errors.ts';
import { counted, describeLoss } from '../core/lostWork.ts';
import { exists } from './exists.ts';
import { gitMessage, tryGit } from './git.ts';
import { removeWorktree } from './gitWorktreeRemove.ts';
import { listWorktrees, type WorktreeEntry } from './repository.ts';
import { countStaged } from './stagedFiles.ts';
import { unlockWorktree } from './worktreeLock.ts';
import { lookAtCommits, lookAtWorktree, type SessionWorktree } from './worktreeLook.ts';
import { readStatus, treeTimeout } from './worktreeStatus.ts';

export { treeTimeout };

/** Work that was not removed: where it is and what it is. */
export interface KeptWork {
  path: string;
  reason: string;
}

/**
 * Removes a session's worktree and branch unless that would lose something: uncommitted or untracked files,
 * ignored ones that cannot be made again, or commits that the base does not have. What git cannot tell may be
 * work, so it is kept too.
 */
export async function removeUnlessNeeded(worktree: SessionWorktree): Promise<KeptWork | undefined> {
  try {
    return (await exists(worktree.path)) ? await removeFolder(worktree) : await removeTraces(worktree);
  } catch (error) {
    return { path: worktree.path, reason: describeError(error) };
  }
}

async function removeFolder(worktree: SessionWorktree): Promise<KeptWork | undefined> {
  const { path: folder } = worktree;
  const keep = (reason: string) => ({ path: folder, reason });
  if (!(await isWorktree(folder))) return keep('it is no worktree any more');
  const { loss, tip } = await lookAtWorktree(worktree);
  const reason = listed(describeLoss(loss));
  if (reason) return keep(reason);
  // Git looks again, and refuses where something came in meanwhile.
  const obstacle = await removeByGit(worktree);
  if (obstacle !== undefined) return keep(obstacle);
  if (await exists(folder)) return keep('it is still there');
  await forgetWorktree(worktree);
  await removeBranch(worktree, tip);
  return undefined;
}

/** Why git refuses to remove a worktree that was clean a moment ago. */
export const writtenMeanwhile = 'something was written in it meanwhile';

/**
 * Has git remove a worktree that is there.
 *
 * @param options `--force` also where there is something that git would keep.
 * @returns Why that failed; undefined also where git failed once the folder was gone.
 */
export async function removeByGit(
  { root, path: folder }: Pick<SessionWorktree, 'root' | 'path'>,
  ...options: string[]
): Promise<string | undefined> {
  try {
    await unlockWorktree(root, folder);
    await removeWorktree({ root, path: folder, options });
    return undefined;
  } catch (error) {
    if (!(await exists(folder))) return undefined;
    if (/contains modified or untracked files/.test(gitMessage(error))) return writtenMeanwhile;
    return options.includes('--force') ? describeError(error) : describeFailure(folder, error);
  }
}

/** What is left of a worktree in git's own notes once its folder is gone. */
export async function forgetWorktree({ root, path: folder }: Pick<SessionWorktree, 'root' | 'path'>): Promise<void> {
  const isListed = (await listWorktrees(root)).some((entry) => entry.path === folder);
  if (!isListed) return;
  await unlockWorktree(root, folder);
  await removeWorktree({ root, path: folder });
}

/** What has gone was neither uncommitted nor untracked, so whoever has the commits has lost nothing. */
async function describeFailure(folder: string, error: unknown): Promise<string> {
  const left = (await isWorktree(folder)) ? await readStatus(folder).catch(() => undefined) : undefined;
  const isWhole = left !== undefined && left.changed.length + left.untracked.length === 0;
  return isWhole ? describeError(error) : `only a part of it could be removed, and no work: ${describeError(error)}`;
}

/** The folder is gone already, removed or moved by the user's own hand: what git still has of it. */
async function removeTraces(worktree: SessionWorktree): Promise<KeptWork | undefined> {
  const traces = await lookAtTraces(worktree);
  if ('movedTo' in traces) return { path: traces.movedTo, reason: `${worktree.branch} is checked out there` };
  const { reason, entry, tip } = traces;
  if (reason) return { path: worktree.root, reason };
  if (entry) await forgetWorktree(worktree);
  await removeBranch(worktree, tip);
  return undefined;
}

/** What git has of a worktree whose folder is gone; `reason` is what of it would be lost, as a part of a sentence. */
type WorktreeTraces = { movedTo: string } | { entry?: WorktreeEntry; tip?: string; reason?: string; unmerged: number };

/** @throws {HoldfastError} `GIT_FAILED` */
export async function lookAtTraces(worktree: SessionWorktree): Promise<WorktreeTraces> {
  const { root, path: folder, branch } = worktree;
  const entries = await listWorktrees(root);
  const moved = entries.find((entry) => entry.branch === branch && entry.path !== folder);
  if (moved) return { movedTo: moved.path };
  const entry = entries.find((candidate) => candidate.path === folder);
  const { unmerged, goneBase, tip } = await lookAtCommits(worktree, headOf(entry));
  const staged = entry ? await countStaged(root, folder) : 0;
  const nothing = { count: 0, names: [] };
  const none = { uncommitted: nothing, untracked: nothing, ignored: nothing, inside: [] };
  const commits = describeLoss({ ...none, unmerged, ...(goneBase === undefined ? {} : { goneBase }) });
  const reason = listed([...counted(staged, 'staged file'), ...commits]);
  return {
    unmerged,
    ...(entry ? { entry } : {}),
    ...(tip === undefined ? {} : { tip }),
    ...(reason ? { reason: `${reason} in the repository; the worktree itself was gone already` } : {}),
  };
}

/** A folder whose link to git was removed would pass for a part of the checkout around it. */
export async function isWorktree(folder: string): Promise<boolean> {
  if (!(await stat(folder)).isDirectory()) return false;
  const top = await tryGit(['rev-parse', '--show-toplevel'], { cwd: folder });
  return top !== undefined && path.normalize(top.trimEnd()) === (await realpath(folder));
}

/** Deletes a branch that was made for the session, is at `tip` still and is checked out nowhere. */
export async function removeBranch(
  { root, branch, ownsBranch }: SessionWorktree,
  tip: string | undefined,
): Promise<void> {
  if (!ownsBranch || !tip) return;
  const isInUse = (await listWorktrees(root)).some((worktree) => worktree.branch === branch);
  if (!isInUse) await deleteBranch(root, branch, tip);
}

/** Deletes a branch that is at `commit` still, and what the repository's settings say about it. */
async function deleteBranch(root: string, branch: string, commit: string): Promise<void> {
  const deleted = await tryGit(['update-ref', '-d', `refs/heads/${branch}`, commit], { cwd: root });
  if (deleted !== undefined) await tryGit(['config', '--remove-section', `branch.${branch}`], { cwd: root });
}

/** All zeros stand for a branch that has no commit. */
function headOf(entry: WorktreeEntry | undefined): string[] {
  return entry?.head && !/^0+$/.test(entry.head) ? [entry.head] : [];
}

function listed(parts: string[]): string | undefined {
  return parts.join(', ') || undefined;
}
