import assert from 'node:assert/strict';
import { noneOld } from '../../../src/cli/cleanUpCommand.ts';
import { describeStarted } from '../../../src/cli/restartCommand.ts';
import { outcome } from '../../../src/cli/stopCommand.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const runs = aRecord({ status: 'active', ptyPid: 7 });
const failed = aRecord({ status: 'failed', exit: { code: 3, signal: null, reason: 'exit' } });
const stopped = aRecord({ status: 'cancelled', exit: { code: null, signal: 1, reason: 'stop' } });
const over = aRecord({ status: 'completed', exit: { code: 0, signal: null, reason: 'exit' } });

describe('what a command tells of a session', () => {
  const stops: [before: SessionRecord, after: SessionRecord, told: string][] = [
    [runs, stopped, 'Stopped login.'],
    [runs, over, 'login had just ended: it has completed (ended with code 0).'],
    [failed, failed, 'login was not running: it has failed (ended with code 3).'],
    [stopped, stopped, 'login was not running: it was stopped.'],
    [aRecord(), aRecord(), 'login was not running: it was never started.'],
  ];
  for (const [before, after, told] of stops)
    it(`after a stop: ${told}`, () => assert.equal(outcome(before, after), told));

  it('after a start, also where it has ended since', () => {
    assert.deepEqual([runs, failed].map(describeStarted), [
      'login (process 7)',
      'login; since then it has failed (ended with code 3)',
    ]);
  });

  it('where there is none to clean up', () => {
    assert.deepEqual([0, 1, 1.5].map(noneOld), [
      'No session has ended.',
      'No session ended more than 1 day ago.',
      'No session ended more than 1.5 days ago.',
    ]);
  });
});
