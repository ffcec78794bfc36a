import type { BackupRestore, RestoredBackup, WorktreeState } from '../client/restoreBackup.ts';
import { ownsBranch } from '../client/sessionWorktree.ts';
import { countSessions } from '../core/presentation.ts';
import type { ChangedSession } from '../core/restorePlan.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { shownRecord } from './shownRecord.ts';

type Restore = BackupRestore | RestoredBackup;

/** What a restore has done, or would do, as lines of text. */
export function describeRestore(restore: Restore): string[] {
  const { returning, changed, notices, unreadable, worktrees } = restore;
  const isDone = 'restored' in restore;
  const left = unreadable.map((problem) => `Not brought back, for it makes no sense: ${problem}.`);
  if (returning.length + changed.length === 0) {
    const others = left.length > 0 ? 'every other session' : 'every session';
    return [...left, `Nothing to restore: ${others} of the backup is as it was then.`];
  }
  const [bring, change] = isDone ? ['Brought back', 'Changed'] : ['Would bring back', 'Would change'];
  const before = isDone && restore.before ? [`What there was before is in the backup ${restore.before.id}.`] : [];
  return [
    ...returning.map((record) => `${bring} ${record.name}: ${describeWorktree(record, worktrees[record.id])}.`),
    ...changed.map((session) => `${change} ${session.record.name}: ${describeChanges(session)}.`),
    ...notices,
    ...left,
    ...describeOthers(restore),
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

function describeWorktree(record: SessionRecord, state: WorktreeState | undefined): string {
  const { branch, baseBranch } = record;
  if (!branch) return state === 'there' ? 'its folder is there' : 'its folder is gone';
  if (state === 'there') return 'its worktree is there';
  if (state === 'gone') return `its worktree is gone; restarting it makes one of ${branch}`;
  const gone = 'its worktree and its branch are gone';
  return ownsBranch(record)
    ? `${gone}; restarting it makes both anew from ${baseBranch}, without the commits that were on the branch alone`
    : `${gone}; make the branch anew (“git branch ${branch} COMMIT”) to restart it, or destroy it`;
}

/** What stays as it is. */
function describeOthers({ same, onlyNow }: Restore): string[] {
  const counts = [
    ...(same > 0 ? [`${countSessions(same)} as in the backup`] : []),
    ...(onlyNow > 0 ? [`${countSessions(onlyNow)} only here`] : []),
  ];
  const [it, stays] = same + onlyNow === 1 ? ['it', 'stays as it is'] : ['they', 'stay as they are'];
  return counts.length > 0 ? [`${counts.join(', ')}: ${it} ${stays}.`] : [];
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
