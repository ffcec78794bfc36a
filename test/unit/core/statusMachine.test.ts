import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isRunning } from '../../../src/core/sessionRecord.ts';
import {
  IllegalTransitionError,
  type SessionHappening,
  sessionHappenings,
  transition,
} from '../../../src/core/statusMachine.ts';
import { sessionStatuses } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

describe('the status of a session', () => {
  it('follows this table', () => {
    const rows = sessionStatuses.map((from) => {
      const legal = sessionHappenings.filter((event) => tried(from, event) !== '-');
      return `${from}: ${legal.map((event) => `${event} ${tried(from, event)}`).join(', ')}`;
    });
    const ends =
      'exitedWell completed, exitedBadly failed, stopped cancelled, timedOut timeout, limitReached failed, lost idle, retryScheduled recovering';
    const rests = 'started active, startFailed failed';
    assert.deepEqual(rows, [
      `idle: ${rests}`,
      `active: asked waiting, ${ends}`,
      `waiting: worked active, ${ends}`,
      'recovering: started active, startFailed failed, stopped cancelled, lost idle, retryScheduled recovering, gaveUp failed',
      `completed: ${rests}`,
      `failed: ${rests}`,
      `timeout: ${rests}`,
      `cancelled: ${rests}`,
    ]);
  });

  it('says running after a start, and only then, whatever happened before', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...sessionHappenings)), (history) => {
        let status = transition('idle', 'started');
        let runs = true;
        for (const event of history) {
          if (tried(status, event) === '-') continue;
          status = transition(status, event);
          runs = event === 'started' || (runs && (event === 'asked' || event === 'worked'));
        }
        return isRunning(aRecord({ status })) === runs;
      }),
    );
  });

  it('refuses an illegal transition with an error that names both ends', () => {
    assert.throws(() => transition('completed', 'stopped'), new IllegalTransitionError('completed', 'stopped'));
  });
});

function tried(from: (typeof sessionStatuses)[number], event: SessionHappening): string {
  try {
    return transition(from, event);
  } catch {
    return '-';
  }
}
