import { git } from './git.ts';
import { listWorktrees } from './repository.ts';

/** Why a worktree is locked that is being brought back from its archive; nobody has written there yet. */
export const restoringReason = 'Holdfast is restoring this worktree';

const sessionReason = 'Holdfast session';

/** Whether Holdfast has locked a worktree itself, and nobody else wants it to stay. */
export function isOwnLock(reason: string): boolean {
  return reason === restoringReason || reason.startsWith(`${sessionReason} “`);
}

/** Unlocks a worktree that Holdfast has locked; what the user has locked stays so. */
export async function unlockWorktree(root: string, folder: string): Promise<void> {
  const entry = (await listWorktrees(root)).find((candidate) => candidate.path === folder);
  if (entry?.lockReason === undefined || !isOwnLock(entry.lockReason)) return;
  await git(['worktree', 'unlock', '--', folder], { cwd: root });
}
