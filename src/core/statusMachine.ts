import type { SessionStatus } from '../protocol/sessionRecord.ts';

/** What can happen to a session. */
export const sessionHappenings = [
  /** Its process runs. */
  'started',
  /** It could not be started, and no further attempt is due. */
  'startFailed',
  /** Its process needs the user. */
  'asked',
  /** Its process goes on by itself. */
  'worked',
  'exitedWell',
  'exitedBadly',
  /** The user ended it, or gave up its recovery. */
  'stopped',
  /** The watchdog ended it for the time it took. */
  'timedOut',
  /** The watchdog ended it for what it used. */
  'limitReached',
  /** Its process went with the machine, or while nobody looked: nobody’s failure. */
  'lost',
  /** It ended badly, and an automatic restart is due. */
  'retryScheduled',
  /** There is no further automatic restart. */
  'gaveUp',
] as const;
export type SessionHappening = (typeof sessionHappenings)[number];

/** A transition that the table does not hold. */
export class IllegalTransitionError extends Error {
  override readonly name = 'IllegalTransitionError';
  readonly from: SessionStatus;
  readonly event: SessionHappening;

  constructor(from: SessionStatus, event: SessionHappening) {
    super(`A session that is ${from} cannot be ${event}`);
    this.from = from;
    this.event = event;
  }
}

type Row = Partial<Record<SessionHappening, SessionStatus>>;

const running: Row = {
  exitedWell: 'completed',
  exitedBadly: 'failed',
  stopped: 'cancelled',
  timedOut: 'timeout',
  limitReached: 'failed',
  lost: 'idle',
  retryScheduled: 'recovering',
};
const ended: Row = { started: 'active', startFailed: 'failed' };

const table: Record<SessionStatus, Row> = {
  idle: ended,
  active: { ...running, asked: 'waiting' },
  waiting: { ...running, worked: 'active' },
  recovering: {
    started: 'active',
    startFailed: 'failed',
    stopped: 'cancelled',
    lost: 'idle',
    retryScheduled: 'recovering',
    gaveUp: 'failed',
  },
  completed: ended,
  failed: ended,
  timeout: ended,
  cancelled: ended,
};

/** @throws {IllegalTransitionError} */
export function transition(from: SessionStatus, event: SessionHappening): SessionStatus {
  const to = table[from][event];
  if (!to) throw new IllegalTransitionError(from, event);
  return to;
}
