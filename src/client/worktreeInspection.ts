import path from 'node:path';
import { isTagOf } from '../core/worktreeLink.ts';
import type { WorktreeSituation } from '../core/worktreeSituation.ts';
import { exists } from '../node/exists.ts';
import { type GitRepository, resolveCommit } from '../node/repository.ts';
import { readWorktreeLink } from '../node/worktreeLink.ts';
import { readWorktreeNotes, type WorktreeNotes } from '../node/worktreeTags.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/**
 * How a session’s worktree is, having changed nothing.
 *
 * @param sessions all that there are, for another one may have the branch that is checked out
 */
export async function inspectWorktree(
  repository: GitRepository,
  record: SessionRecord,
  sessions: readonly SessionRecord[],
): Promise<WorktreeSituation> {
  if (!record.branch) return { kind: 'sound' };
  const link = await readWorktreeLink(record, repository.key);
  if (link.state === 'own') return inspectBranch(repository, record, { sessions, branch: link.branch });
  const notes = await notesOf(repository, record);
  const to = await movedTo(record, notes);
  if (to !== undefined) return { kind: 'moved', to };
  if (link.state === 'foreign') return { kind: 'foreign', why: link.why };
  const isNoted = notes.some((note) => note.path === path.normalize(record.worktreePath));
  return { kind: 'gone', isNoted, isBranchThere: await hasBranch(repository, record) };
}

/** What git has noted of the worktrees that are tagged as the session’s. */
export async function notesOf({ commonDir }: GitRepository, record: SessionRecord): Promise<WorktreeNotes[]> {
  return (await readWorktreeNotes(commonDir)).filter(({ tag }) => tag !== undefined && isTagOf(tag.id, record));
}

async function hasBranch({ root }: GitRepository, { branch }: SessionRecord): Promise<boolean> {
  return (await resolveCommit(root, `refs/heads/${branch}`)) !== undefined;
}

async function inspectBranch(
  repository: GitRepository,
  record: SessionRecord,
  { sessions, branch }: { sessions: readonly SessionRecord[]; branch: string | null | undefined },
): Promise<WorktreeSituation> {
  if (branch === undefined || branch === record.branch) return { kind: 'sound' };
  const holder = sessions.find((other) => other.id !== record.id && other.branch === branch);
  const isOldBranchThere = await hasBranch(repository, record);
  return { kind: 'otherBranch', branch, isOldBranchThere, ...(holder ? { takenBy: holder.name } : {}) };
}

/** Where it is now, if there is one answer to that. */
async function movedTo({ worktreePath }: SessionRecord, notes: readonly WorktreeNotes[]): Promise<string | undefined> {
  const elsewhere: string[] = [];
  for (const note of notes)
    if (note.linksBack && note.path !== path.normalize(worktreePath) && (await exists(note.path)))
      elsewhere.push(note.path);
  return elsewhere.length === 1 ? elsewhere[0] : undefined;
}
