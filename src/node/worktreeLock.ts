import { restoringReason, sessionLockReason } from '../core/worktreeLockReason.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { git, tryGit } from './git.ts';
import { listWorktrees } from './repository.ts';

/**
 * Keeps other tools from removing a session's worktree, and git from forgetting it. One that is locked already stays
 * as it is.
 */
export async function lockWorktree(root: string, record: SessionRecord): Promise<void> {
  const args = ['worktree', 'lock', '--reason', sessionLockReason(record), '--', record.worktreePath];
  await tryGit(args, { cwd: root });
}

/** Unlocks a worktree that Holdfast has locked; what the user has locked stays so. */
export async function unlockWorktree(root: string, folder: string): Promise<void> {
  const entry = (await listWorktrees(root)).find((candidate) => candidate.path === folder);
  if (!entry?.isSessions && entry?.lockReason !== restoringReason) return;
  await git(['worktree', 'unlock', '--', folder], { cwd: root });
}
