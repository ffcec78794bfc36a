import type { SessionStatus } from '../protocol/sessionRecord.ts';

/** What can happen to a session. */
export type SessionEvent = 'started' | 'exitedWell' | 'exitedBadly' | 'stopped' | 'lost' | 'startFailed';

/** A transition that the table does not hold. */
export class IllegalTransitionError extends Error {
  override readonly name = 'IllegalTransitionError';
  readonly from: SessionStatus;
  readonly event: SessionEvent;

  constructor(from: SessionStatus, event: SessionEvent) {
    super(`A session that is ${from} cannot be ${event}`);
    this.from = from;
    this.event = event;
  }
}

type Row = Partial<Record<SessionEvent, SessionStatus>>;

const running: Row = { exitedWell: 'completed', exitedBadly: 'failed', stopped: 'cancelled', lost: 'idle' };
const ended: Row = { started: 'active', startFailed: 'failed' };

const table: Record<SessionStatus, Row> = {
  idle: ended,
  active: running,
  waiting: running,
  recovering: { ...running, started: 'active', startFailed: 'failed' },
  completed: ended,
  failed: ended,
  timeout: ended,
  cancelled: ended,
};

/** @throws {IllegalTransitionError} */
export function transition(from: SessionStatus, event: SessionEvent): SessionStatus {
  const to = table[from][event];
  if (!to) throw new IllegalTransitionError(from, event);
  return to;
}
