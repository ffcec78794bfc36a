import type { WorktreeLink } from '../core/worktreeLink.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { commonDirOf, gitDirOf, readWorktreeLink } from './worktreeLink.ts';

/** A worktree as git's own files have it. */
export interface LinkedWorktree {
  /** Git's own folder for this worktree; absolute. */
  gitDir: string;
  /** Shared by all worktrees; absolute. */
  commonDir: string;
}

/**
 * Where git keeps what it knows of a session's worktree, by its files alone: a git that is started in a folder that has
 * lost its link would answer for the repository around it.
 *
 * @param key of the repository
 * @throws the system's error where that cannot be told
 */
export async function findLinkedWorktree(
  record: Pick<SessionRecord, 'id' | 'worktreePath' | 'metadata'>,
  key: string,
): Promise<({ state: 'own' } & LinkedWorktree) | Exclude<WorktreeLink, { state: 'own' }>> {
  const link = await readWorktreeLink(record, key);
  if (link.state !== 'own') return link;
  const gitDir = await gitDirOf(record.worktreePath);
  const commonDir = gitDir && (await commonDirOf(gitDir));
  return gitDir && commonDir ? { state: 'own', gitDir, commonDir } : { state: 'gone' };
}
