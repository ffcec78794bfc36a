import { realpath } from 'node:fs/promises';
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
  // Git lists real paths, and the folder that it is in may be a link.
  const real = await realpath(folder).catch(() => folder);
  const entry = (await listWorktrees(root)).find((candidate) => candidate.path === folder || candidate.path === real);
  if (!entry?.isSessions && entry?.lockReason !== restoringReason) return;
  await git(['worktree', 'unlock', '--', folder], { cwd: root });
}
