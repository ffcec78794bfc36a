import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isRunning } from '../../../src/core/sessionRecord.ts';
import { IllegalTransitionError, type SessionEvent, transition } from '../../../src/core/statusMachine.ts';
import { sessionStatuses } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const events: SessionEvent[] = ['started', 'exitedWell', 'exitedBadly', 'stopped', 'lost', 'startFailed'];

describe('the status of a session', () => {
  it('follows this table', () => {
    const rows = sessionStatuses.map((from) => `${from}: ${events.map((event) => tried(from, event)).join(' ')}`);
    assert.deepEqual(rows, [
      'idle: active - - - - failed',
      'active: - completed failed cancelled idle -',
      'waiting: - completed failed cancelled idle -',
      'recovering: active completed failed cancelled idle failed',
      'completed: active - - - - failed',
      'failed: active - - - - failed',
      'timeout: active - - - - failed',
      'cancelled: active - - - - failed',
    ]);
  });

  it('says running after a start, and only then, whatever happened before', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events)), (history) => {
        let status = transition('idle', 'started');
        let runs = true;
        for (const event of history) {
          if (tried(status, event) === '-') continue;
          status = transition(status, event);
          runs = event === 'started';
        }
        return isRunning(aRecord({ status })) === runs;
      }),
    );
  });

  it('refuses an illegal transition with an error that names both ends', () => {
    assert.throws(() => transition('completed', 'stopped'), new IllegalTransitionError('completed', 'stopped'));
  });
});

function tried(from: (typeof sessionStatuses)[number], event: SessionEvent): string {
  try {
    return transition(from, event);
  } catch {
    return '-';
  }
}
