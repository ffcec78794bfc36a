import type { BackupRestore, RestoredBackup, WorktreeState } from '../client/restoreBackup.ts';
import type { ChangedSession } from '../core/restorePlan.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { shownRecord } from './shownRecord.ts';

type Restore = BackupRestore | RestoredBackup;

/** What a restore has done, or would do, as lines of text. */
export function describeRestore(restore: Restore): string[] {
  const { returning, changed, notices, same, onlyNow, worktrees } = restore;
  const isDone = 'restored' in restore;
  if (returning.length + changed.length === 0) {
    return ['Nothing to restore: every session of the backup is as it was then.'];
  }
  const [bring, change] = isDone ? ['Brought back', 'Changed'] : ['Would bring back', 'Would change'];
  const before = isDone && restore.before ? [`What there was before is in the backup ${restore.before.id}.`] : [];
  return [
    ...returning.map((record) => `${bring} ${record.name}: ${describeWorktree(record, worktrees[record.id])}.`),
    ...changed.map((session) => `${change} ${session.record.name}: ${describeChanges(session)}.`),
    ...notices,
    `${counted(same)} as in the backup, ${counted(onlyNow)} only here: they stay as they are.`,
    ...before,
  ];
}

/** The same for programs, without anything that may be secret. */
export function shownRestore(restore: Restore): unknown {
  const { returning, changed, same, onlyNow, notices, unreadable, worktrees } = restore;
  return {
    returning: returning.map((record) => ({ session: shownRecord(record), worktree: worktrees[record.id] })),
    changed: changed.map(({ restored, fields }) => ({
      session: shownRecord(restored),
      fields: fields.map(([field]) => field),
    })),
    same,
    onlyNow,
    notices,
    unreadable,
    ...('restored' in restore ? { before: restore.before?.id ?? null } : {}),
  };
}

function describeWorktree({ branch }: SessionRecord, state: WorktreeState | undefined): string {
  if (!branch) return state === 'there' ? 'its folder is there' : 'its folder is gone';
  if (state === 'there') return 'its worktree is there';
  if (state === 'gone') return `its worktree is gone; restarting it makes one of ${branch}`;
  return `its worktree and its branch ${branch} are gone`;
}

/** Metadata and commands may be long and hold secrets. */
function describeChanges({ fields }: ChangedSession): string {
  const texts = fields.map(([field, now, then]) =>
    typeof now === 'string' && typeof then === 'string' && field !== 'command'
      ? `${field} from “${now}” to “${then}”`
      : field,
  );
  return texts.join(', ');
}

function counted(count: number): string {
  return `${count} session${count === 1 ? '' : 's'}`;
}
