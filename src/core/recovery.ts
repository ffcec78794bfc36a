import { type BackoffOptions, nextPause } from '../base/backoff.ts';
import type { Evidence, RecordChanges, Recovery, SessionRecord, SessionStatus } from '../protocol/sessionRecord.ts';
import { describeEnd, meaningOf, type SessionEnd } from './sessionEnd.ts';
import { isRecovering } from './sessionRecord.ts';
import { type SessionHappening, transition } from './statusMachine.ts';
import type { EffectivePolicy, SupervisionSettings } from './supervisionPolicy.ts';

/** So many starts within so long are a crash loop. */
const loopStarts = 5;
const loopTime = 30_000;

/** So many processes in a row that ended within so long are one as well. */
const loopExits = 3;
const quickTime = 1_000;

/** After so long without a crash the attempts count from the start again; milliseconds. */
export const healthyTime = 10 * 60_000;

/** What is done about the end of a session’s process. */
export type RecoveryVerdict =
  | { kind: 'retry'; attempt: number; delay: number }
  /** `why` is a part of a sentence; absent where nobody expects a restart. */
  | { kind: 'end'; why?: string };

export interface EndContext {
  record: SessionRecord;
  end: SessionEnd;
  policy: EffectivePolicy;
  now: Date;
  /** When its process ended, by its host’s clock; `now` where nobody saw that. */
  endedAt?: Date;
  random?: () => number;
}

/** Whether a session is started again by itself, and when. */
export function decideRecovery(context: EndContext): RecoveryVerdict {
  const { record, end, policy, now, random = Math.random } = context;
  if (!isRetried(end, policy)) return { kind: 'end' };
  if (end.kind === 'exited' && policy.neverRetry.includes(end.code ?? Number.NaN))
    return { kind: 'end', why: `the policy never retries after code ${end.code}` };
  const loop = crashLoop(recoveryAfter(context), now);
  if (loop !== undefined) return { kind: 'end', why: loop };
  if (record.attempts >= policy.maxAttempts) {
    const why = policy.maxAttempts === 0 ? undefined : `no attempt is left of ${policy.maxAttempts}`;
    return why === undefined ? { kind: 'end' } : { kind: 'end', why };
  }
  const delay = Math.round(
    nextPause(record.attempts === 0 ? undefined : record.recovery?.delay, pauses(policy, random)),
  );
  return { kind: 'retry', attempt: record.attempts + 1, delay };
}

function isRetried(end: SessionEnd, { retry, onLimit }: EffectivePolicy): boolean {
  if (end.kind === 'limit' || end.kind === 'timeout') return onLimit === 'recover';
  if (retry === 'never') return false;
  const meaning = meaningOf(end);
  return meaning === 'crash' || (meaning === 'failure' && retry === 'onFailure');
}

function pauses({ retryDelay, maxRetryDelay }: EffectivePolicy, random: () => number): BackoffOptions {
  return { initial: retryDelay * 1000, max: maxRetryDelay * 1000, factor: 2, random };
}

/** What is known of the last starts, with the process that has ended, or the start that has failed, now. */
function recoveryAfter({ record, end: { kind }, now, endedAt = now }: EndContext): Recovery {
  if (kind === 'startFailed') return recoveryWith(record, now.toISOString());
  const { recovery, startedAt, status } = record;
  const { starts = [], quickExits = 0, ...rest } = settled(recovery);
  if (status === 'recovering' || startedAt === undefined) return { ...rest, starts, quickExits };
  const start = Date.parse(startedAt);
  // On a busy machine its end is told late; and a clock that was put back says nothing about how long it ran.
  const isQuick = now.getTime() >= start && Math.min(now.getTime(), endedAt.getTime()) - start < quickTime;
  return { ...rest, starts, quickExits: isQuick ? quickExits + 1 : 0 };
}

/** Why there is a crash loop, as a part of a sentence. */
function crashLoop({ starts, quickExits }: Recovery, now: Date): string | undefined {
  if (quickExits >= loopExits) return `it ended within a second ${quickExits} times in a row`;
  const recent = starts.filter((start) => Math.abs(now.getTime() - Date.parse(start)) <= loopTime);
  return recent.length >= loopStarts ? `it was started ${recent.length} times within ${loopTime / 1000} s` : undefined;
}

/** The record’s changes after the end of its process, with what follows from it. */
export function afterEnd(context: EndContext): RecordChanges {
  const { record, end, now } = context;
  const verdict = decideRecovery(context);
  const at = now.toISOString();
  const recovery = recoveryAfter(context);
  const common = { ptyPid: undefined, ending: undefined, countsFrom: undefined };
  if (verdict.kind === 'end') {
    return {
      ...common,
      status: transition(record.status, happeningOf(end)),
      evidence: evidenceOf(end, at, verdict.why),
      recovery: recovery.starts.length > 0 ? recovery : undefined,
    };
  }
  const retryAt = new Date(now.getTime() + verdict.delay).toISOString();
  return {
    ...common,
    status: transition(record.status, 'retryScheduled'),
    attempts: verdict.attempt,
    evidence: evidenceOf(end, at),
    recovery: { ...recovery, delay: verdict.delay, retryAt },
  };
}

function happeningOf(end: SessionEnd): SessionHappening {
  switch (end.kind) {
    case 'exited':
      return meaningOf(end) === 'success' ? 'exitedWell' : 'exitedBadly';
    case 'stopped':
      return 'stopped';
    case 'timeout':
      return 'timedOut';
    case 'limit':
      return 'limitReached';
    case 'startFailed':
      return 'startFailed';
    case 'hostLost':
      return 'exitedBadly';
    case 'dismissed':
    case 'rebooted':
    case 'unwatched':
      return 'lost';
  }
}

const observers: Record<SessionEnd['kind'], string> = {
  exited: 'process',
  stopped: 'user',
  timeout: 'watchdog',
  limit: 'watchdog',
  hostLost: 'host',
  dismissed: 'host',
  rebooted: 'boot',
  unwatched: 'host',
  startFailed: 'retry',
};

function evidenceOf(end: SessionEnd, at: string, why?: string): Evidence {
  const what = describeEnd(end);
  return { what: why === undefined ? what : `${what}; ${why}`, by: observers[end.kind], at };
}

/** Whose doing a start was. */
export type Starter = 'user' | 'retry';

/** The record’s changes once its process runs: by itself, as attempt so and so many, or because the user wanted it. */
export function afterStart(record: SessionRecord, ptyPid: number, now: Date, by: Starter): RecordChanges {
  const at = now.toISOString();
  const { attempts } = record;
  // One that goes on after its setup is due as well, but no attempt was counted.
  const isAttempt = by === 'retry' && isRecovering(record) && attempts > 0;
  return {
    ptyPid,
    status: transition(record.status, 'started'),
    startedAt: at,
    exit: undefined,
    endedAt: undefined,
    archivedAt: undefined,
    ending: undefined,
    countsFrom: undefined,
    attempts: isAttempt ? attempts : 0,
    // The user may start what loops as often as they like, and each of those begins a count of its own.
    recovery: isAttempt ? recoveryWith(record, at) : { starts: [at], quickExits: 0 },
    evidence: {
      what: isAttempt ? `it was started again by itself, attempt ${attempts}` : 'it was started',
      by: isAttempt ? 'retry' : 'user',
      at,
    },
  };
}

/** What is known of the last starts, with one that has just been made. */
function recoveryWith({ recovery }: SessionRecord, start: string): Recovery {
  const { starts = [], quickExits = 0, ...rest } = settled(recovery);
  return { ...rest, starts: [...starts, start].slice(-loopStarts), quickExits };
}

/** Without what it says of an attempt that is due: none is any more. */
export function settled({ retryAt: _, heldFor: __, ...recovery }: Partial<Recovery> = {}): Partial<Recovery> {
  return recovery;
}

export interface Rest {
  now: Date;
  /** Since its end, by a clock nobody sets; milliseconds. Absent where nobody saw that end. */
  restedFor?: number;
}

/** The changes of a session that ended long ago and leaves the list; undefined where it stays. */
export function afterLongRest(
  record: SessionRecord,
  { archiveAfter }: ArchiveSettings,
  { now, restedFor }: Rest,
): RecordChanges | undefined {
  const { status, endedAt, archivedAt } = record;
  if (archiveAfter === 0 || archivedAt !== undefined || endedAt === undefined || !finished.has(status))
    return undefined;
  const rested = restedFor ?? now.getTime() - Date.parse(endedAt);
  return rested >= archiveAfter * 60_000 ? { archivedAt: now.toISOString() } : undefined;
}

type ArchiveSettings = Pick<SupervisionSettings, 'archiveAfter'>;

const finished = new Set<SessionStatus>(['completed', 'failed', 'timeout', 'cancelled']);

/** The changes after a long time without a crash; undefined where nothing counts. */
export function afterHealthyTime({ attempts, recovery }: SessionRecord, healthyFor: number): RecordChanges | undefined {
  if ((attempts === 0 && recovery === undefined) || healthyFor < healthyTime) return undefined;
  return { attempts: 0, recovery: undefined };
}
