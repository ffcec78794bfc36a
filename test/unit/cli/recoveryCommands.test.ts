import assert from 'node:assert/strict';
import { giveUpOutcome, retryOutcome } from '../../../src/cli/recoveryCommands.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const at = '2026-03-10T12:00:00.000Z';
const evidence = (what: string, by: string) => ({ evidence: { what, by, at } });
const waits = aRecord({ status: 'recovering', startedAt: at, ...evidence('its session host was killed', 'host') });
const runs = aRecord({
  status: 'active',
  ptyPid: 7,
  startedAt: '2026-03-10T12:00:01.000Z',
  ...evidence('it was started again by itself, attempt 1', 'retry'),
});
const failed = aRecord({ status: 'failed', startedAt: at, ...evidence('you gave up', 'user') });
const over: SessionRecord = {
  ...runs,
  status: 'completed',
  ptyPid: undefined,
  ...evidence('ended with code 0', 'process'),
};

describe('at a shell', () => {
  const cases: [
    what: string,
    outcome: typeof retryOutcome,
    before: SessionRecord,
    after: SessionRecord,
    told: object,
  ][] = [
    [
      'a retry says that it has started the session',
      retryOutcome,
      waits,
      runs,
      done('Started login again: it was started again by itself, attempt 1.'),
    ],
    [
      'a retry counts also where the session has ended since',
      retryOutcome,
      waits,
      over,
      done('Started login again: ended with code 0.'),
    ],
    [
      'a retry says that somebody has given up meanwhile',
      retryOutcome,
      waits,
      failed,
      late('login waits for no restart any more: you gave up.'),
    ],
    [
      'a retry of what has failed does nothing',
      retryOutcome,
      failed,
      failed,
      done('login waits for no restart: it has failed.'),
    ],
    [
      'giving up says that the session is left as failed',
      giveUpOutcome,
      waits,
      failed,
      done('login is left as failed: you gave up.'),
    ],
    [
      'giving up says that the session was started meanwhile',
      giveUpOutcome,
      waits,
      runs,
      late('login waits for no restart any more: it was started again by itself, attempt 1.'),
    ],
    [
      'giving up on what runs does nothing',
      giveUpOutcome,
      runs,
      runs,
      done('login waits for no restart: it is running.'),
    ],
  ];
  for (const [what, outcome, before, after, told] of cases)
    it(what, () => assert.deepEqual(outcome(before, after), told));
});

function done(text: string): object {
  return { text, isDone: true };
}

function late(text: string): object {
  return { text, isDone: false };
}
