import { HoldfastError } from '../base/errors.ts';
import { restoringReason } from '../core/worktreeLockReason.ts';
import { findArchive, type OpenedArchive, openArchive } from '../node/archiveList.ts';
import { exists } from '../node/exists.ts';
import { type GitRepository, listWorktrees, resolveCommit } from '../node/repository.ts';
import { unlockWorktree } from '../node/worktreeLock.ts';
import { removeByGit } from '../node/worktreeRemoval.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { ArchivedWorktree, archivedTip, type ChosenBranch, headNotice } from './archivedWorktree.ts';
import { tagSession } from './sessionWorktree.ts';

/**
 * The archive of which the worktree is to be made that a session in the list does not have, or only in part: it was cut
 * short while it came back, or came back from a backup of the list alone. Undefined for any other session, and where its
 * branch has gone on since.
 *
 * @throws {HoldfastError} `GIT_FAILED`
 */
export async function archiveToReturn(
  repository: GitRepository,
  record: SessionRecord,
): Promise<OpenedArchive | undefined> {
  const { root } = repository;
  if (!(await lacksWorktree(root, record))) return undefined;
  for (const id of [record.metadata?.restoredFrom, record.id]) {
    if (typeof id !== 'string' || (await findArchive(root, id)) === undefined) continue;
    const archive = await openArchive(root, id).catch(() => undefined);
    if (archive && (await branchFor(repository, archive, record))) return archive;
  }
  return undefined;
}

export async function lacksWorktree(root: string, { worktreePath }: SessionRecord): Promise<boolean> {
  const entry = (await listWorktrees(root)).find(({ path }) => path === worktreePath);
  return entry === undefined ? !(await exists(worktreePath)) : entry.lockReason === restoringReason;
}

/**
 * Makes the worktree of such a session. The caller holds the lock of its creation.
 *
 * @throws {HoldfastError} `BRANCH_EXISTS`, `GIT_FAILED`
 */
export async function returnFromArchive(
  repository: GitRepository,
  record: SessionRecord,
  archive: OpenedArchive,
): Promise<void> {
  const { root } = repository;
  const branch = await branchFor(repository, archive, record);
  if (!branch) throw goneOn(record);
  await unlockWorktree(root, record.worktreePath);
  // Nobody has written there yet: until it is whole its lock says that it is half made.
  if (await exists(record.worktreePath)) await removeByGit({ root, path: record.worktreePath }, '--force');
  const isOnBranch = (await headNotice(repository, archive)) === undefined;
  await new ArchivedWorktree(repository, archive, { record, branch, isOnBranch }).checkOut();
  await tagSession(repository, record);
}

/** The session's branch where it is as it was archived, or is not there; undefined where it went on or is elsewhere. */
async function branchFor(
  { root }: GitRepository,
  archive: OpenedArchive,
  { branch: name, worktreePath }: SessionRecord,
): Promise<ChosenBranch | undefined> {
  const isElsewhere = (await listWorktrees(root)).some(({ branch, path }) => branch === name && path !== worktreePath);
  if (isElsewhere) return undefined;
  const commit = archivedTip(archive);
  const found = await resolveCommit(root, `refs/heads/${name}`);
  if (found !== undefined && found !== commit) return undefined;
  return { name, isThere: found !== undefined, ...(commit === undefined ? {} : { commit }) };
}

function goneOn({ id, name, branch }: SessionRecord): HoldfastError {
  const text = `“${name}” cannot come back as it was archived, for its branch ${branch} has gone on since, or is checked out elsewhere. Nothing was changed.`;
  return new HoldfastError('BRANCH_EXISTS', text, {
    advice: 'Destroy it, and restore the archived session again: it then gets a branch of another name.',
    data: { id, branch },
  });
}
