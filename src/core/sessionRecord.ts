import type {
  RecordChanges,
  SessionCommand,
  SessionPolicy,
  SessionRecord,
  SessionStatus,
} from '../protocol/sessionRecord.ts';

export interface NewSession {
  id: string;
  name: string;
  branch: string;
  baseBranch: string;
  /** Where its branch stands now; a full hash. */
  baseCommit?: string;
  worktreePath: string;
  command: SessionCommand;
  cwd?: string;
  /** What runs instead after a crash. */
  resumeCommand?: SessionCommand;
  policy?: SessionPolicy;
  now: Date;
}

export function newRecord({ now, cwd, ...fields }: NewSession): SessionRecord {
  const createdAt = now.toISOString();
  return {
    policy: { retry: 'onCrash' },
    ...fields,
    ...(cwd ? { cwd } : {}),
    status: 'idle',
    createdAt,
    lastActivity: createdAt,
    template: fields.command === null ? 'shell' : 'command',
    attempts: 0,
    revision: 0,
  };
}

/** The record after `changes`, one revision on. */
export function revise(record: SessionRecord, changes: RecordChanges): SessionRecord {
  const next: Record<string, unknown> = { ...record, ...changes, id: record.id, revision: record.revision + 1 };
  for (const key of Object.keys(next)) if (next[key] === undefined) delete next[key];
  return next as SessionRecord;
}

/** Whether its process runs. */
export function isRunning({ status }: Pick<SessionRecord, 'status'>): boolean {
  return status === 'active' || status === 'waiting';
}

/** Whether its process has ended and is about to be started again. */
export function isRecovering({ status }: Pick<SessionRecord, 'status'>): boolean {
  return status === 'recovering';
}

/** Whether it runs, or will by itself: there is something to be stopped. */
export function isGoingOn(record: Pick<SessionRecord, 'status'>): boolean {
  return isRunning(record) || isRecovering(record);
}

/** Whether a process of the session was ever seen to run; its creation may be under way otherwise. */
export function wasStarted(record: SessionRecord): boolean {
  return record.status !== 'idle' || record.exit !== undefined;
}

/** Whether its process went with the machine, or while nobody looked: it may be started again without anybody’s regret. */
export function wasLost({ status, exit, archivedAt }: SessionRecord): boolean {
  return status === 'idle' && exit !== undefined && archivedAt === undefined;
}

/** Whether it has left the list for the group of those that ended long ago. */
export function isArchived({ archivedAt }: SessionRecord): boolean {
  return archivedAt !== undefined;
}

const finished: readonly SessionStatus[] = ['completed', 'failed', 'timeout', 'cancelled'];

/** Whether it has ended for good and was over before `time`. */
export function wasOverBefore({ status, endedAt, lastActivity }: SessionRecord, time: Date): boolean {
  return finished.includes(status) && Date.parse(endedAt ?? lastActivity) < time.getTime();
}

export function isLive(record: SessionRecord): boolean {
  return record.deletedAt === undefined;
}

/** Sessions in the order in which they were made. */
export function byCreation(a: SessionRecord, b: SessionRecord): number {
  return a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id < b.id ? -1 : 1;
}
