import type { SessionEvent } from '../protocol/sessionEvent.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { holdSameSessions } from './restorePlan.ts';
import { isRunning, revise } from './sessionRecord.ts';

export interface Sighting {
  now?: Date;
  /** The change was found on coming back, not seen as it happened. */
  isLate?: boolean;
  /** Where a restore that is under way takes the session from. */
  source?: string | undefined;
}

/** When something happened: at the time the record tells, else by `by`; ISO 8601. */
interface Times {
  now: string;
  by: string;
}

/** An event without what is the same for all of one change. */
type Happening = { at: string } & (
  | { type: 'created'; name: string; template: string }
  | { type: 'started'; ptyPid?: number }
  | { type: 'statusChanged'; from: SessionRecord['status']; to: SessionRecord['status'] }
  | { type: 'stopped' | 'exited'; code: number | null; signal: number | null; reason: string }
  | { type: 'recovered'; attempts: number }
  | { type: 'renamed'; from: string; to: string }
  | { type: 'destroyed' }
  | { type: 'restored'; source?: string }
);

/**
 * What happened to a session between two revisions of its record, in the order in which it did; nothing where
 * `after` is not the newer one, and from its creation on where there is no `before`. Of revisions that nobody has
 * seen it tells what can be concluded, each type at most once and marked as late.
 */
export function eventsBetween(
  before: SessionRecord | undefined,
  after: SessionRecord,
  { now = new Date(), isLate = false, source }: Sighting = {},
): SessionEvent[] {
  if (before && before.revision >= after.revision) return [];
  const missed = Math.max(0, after.revision - (before?.revision ?? 0) - 1);
  const late = isLate || missed > 0;
  const from = before ?? unborn(after);
  const wasActive = after.lastActivity > from.lastActivity;
  const times = { now: now.toISOString(), by: late && wasActive ? after.lastActivity : now.toISOString() };
  const happenings = [
    ...(before ? [] : [{ type: 'created' as const, at: after.createdAt, name: after.name, template: after.template }]),
    ...restorations(before, after, times, source),
    ...runs(from, after, times),
    ...renamings(from, after, times),
    ...destructions(from, after),
  ];
  const about = { sessionId: after.id, revision: after.revision };
  const marks = { ...(late ? { late: true as const } : {}), ...(missed > 0 ? { missed } : {}) };
  return happenings.map((happening) => ({ ...happening, ...about, ...marks }));
}

/** The session as it was before all that its record tells. */
function unborn(after: SessionRecord): SessionRecord {
  const later = { endedAt: undefined, exit: undefined, ptyPid: undefined, deletedAt: undefined };
  return revise(after, { ...later, status: 'idle', lastActivity: after.createdAt, attempts: 0 });
}

/** The ends and starts of processes, and the change of status they led to. */
function runs(before: SessionRecord, after: SessionRecord, times: Times): Happening[] {
  const start = startBetween(before, after, times);
  const end = endBetween(before, after, times);
  // A process that runs has started after the end of the one before; otherwise the end is the last that happened.
  const inOrder = runningPid(after) === undefined ? [start, end] : [end, start];
  const told = inOrder.filter((happening) => happening !== undefined);
  if (start && hasRecovered(before, after)) {
    told.push({ type: 'recovered', at: start.at, attempts: after.attempts });
  }
  if (before.status !== after.status) {
    const at = told.at(-1)?.at ?? times.by;
    told.push({ type: 'statusChanged', at, from: before.status, to: after.status });
  }
  return told;
}

function startBetween(before: SessionRecord, after: SessionRecord, { by }: Times): Happening | undefined {
  const ptyPid = runningPid(after);
  if (ptyPid !== undefined) return ptyPid === runningPid(before) ? undefined : { type: 'started', at: by, ptyPid };
  const hasRunUnseen = isNewEnd(before, after) && !isRunning(before) && after.exit?.reason !== 'start';
  return hasRunUnseen ? { type: 'started', at: after.endedAt ?? by } : undefined;
}

function endBetween(before: SessionRecord, after: SessionRecord, { by }: Times): Happening | undefined {
  if (after.exit && isNewEnd(before, after)) {
    const { code, signal, reason } = after.exit;
    const type = reason === 'stop' ? 'stopped' : 'exited';
    return { type, at: after.endedAt ?? by, code, signal, reason };
  }
  const pid = runningPid(before);
  if (pid === undefined || pid === runningPid(after)) return undefined;
  return { type: 'exited', at: by, code: null, signal: null, reason: 'unseen' };
}

function hasRecovered(before: SessionRecord, after: SessionRecord): boolean {
  return runningPid(after) !== undefined && (before.status === 'recovering' || after.attempts > before.attempts);
}

function runningPid(record: SessionRecord): number | undefined {
  return isRunning(record) ? record.ptyPid : undefined;
}

function isNewEnd(before: SessionRecord, after: SessionRecord): boolean {
  return after.exit !== undefined && endOf(after) !== endOf(before);
}

function endOf({ exit, endedAt }: SessionRecord): string {
  return JSON.stringify([exit?.code, exit?.signal, exit?.reason, endedAt]);
}

function restorations(
  before: SessionRecord | undefined,
  after: SessionRecord,
  { now }: Times,
  source: string | undefined,
): Happening[] {
  if (after.deletedAt) return [];
  if (source !== undefined) {
    const isBack = !before || !holdSameSessions([before], [after]);
    return isBack ? [{ type: 'restored', at: now, source }] : [];
  }
  if (before?.deletedAt) return [{ type: 'restored', at: now }];
  const restoredFrom = before ? undefined : after.metadata?.restoredFrom;
  return typeof restoredFrom === 'string' ? [{ type: 'restored', at: after.createdAt, source: restoredFrom }] : [];
}

function renamings(before: SessionRecord, after: SessionRecord, { now }: Times): Happening[] {
  return before.name === after.name ? [] : [{ type: 'renamed', at: now, from: before.name, to: after.name }];
}

function destructions(before: SessionRecord, after: SessionRecord): Happening[] {
  return after.deletedAt && !before.deletedAt ? [{ type: 'destroyed', at: after.deletedAt }] : [];
}
