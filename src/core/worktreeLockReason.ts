import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** Why a worktree is locked that is being brought back from its archive; nobody has written there yet. */
export const restoringReason = 'Holdfast is restoring this worktree';

/** Why a session's worktree is locked, for whoever wants to remove it. */
export function sessionLockReason({ id, name }: Pick<SessionRecord, 'id' | 'name'>): string {
  return `Holdfast session ${name} (${id.slice(0, 8)})`;
}

/** Whether a worktree is locked for its session alone; before 2.36 git puts a reason with other letters into quotes. */
export function isSessionLock(reason: string): boolean {
  return /^"?Holdfast session .* \([0-9a-f]{8}\)"?$/i.test(reason);
}
