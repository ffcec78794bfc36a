import assert from 'node:assert/strict';
import {
  endingNotice,
  failureNotice,
  keptNotice,
  resumeOffer,
  setupNotice,
  timeoutNotice,
} from '../../../src/core/supervisionNotices.ts';
import type { SessionHealth } from '../../../src/protocol/health.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const at = '2026-03-10T12:00:00.000Z';

describe('the user is told', () => {
  it('that a session is about to be ended, and why', () => {
    const what = 'it is ended in 58 s, for it does nothing';
    assert.equal(endingNotice(aRecord({ status: 'active' }), health(what)), `“login”: ${what}.`);
  });

  it('nothing of an end that is not near, or of a session that does not run', () => {
    const { endsAt: _, ...calm } = health('it is well');
    assert.deepEqual(
      [endingNotice(aRecord({ status: 'active' }), calm), endingNotice(aRecord(), health('it is ended'))],
      [undefined, undefined],
    );
  });

  it('until when a session goes on that is to', () => {
    const now = new Date('2026-03-10T11:55:00.000Z');
    const kept = [
      {},
      { endsAt: at, endsBy: 'idleTimeout' as const },
      { endsAt: at, endsBy: 'sessionTimeout' as const },
    ];
    assert.deepEqual(
      kept.map((one) => keptNotice('login', one, now)),
      [
        '“login” runs on.',
        '“login” runs on, and is ended in 5 min if it does nothing.',
        '“login” runs on, and is ended in 5 min, for its time is over then.',
      ],
    );
  });

  it('that a setup has failed, once, and not also that its session has', () => {
    const what = 'its setup failed: “npm ci” ended with code 2';
    const exit = { code: 2, signal: null, reason: 'exit' as const };
    const evidence = { what, by: 'process', at };
    const before = aRecord({ status: 'active', setup: { state: 'running' } });
    const after = aRecord({ status: 'failed', setup: { state: 'failed' }, exit, evidence });
    const timedOut = { ...after, status: 'timeout' as const };
    assert.deepEqual(
      [
        setupNotice(before, after),
        setupNotice(after, after),
        setupNotice(undefined, after),
        failureNotice(before, after),
        timeoutNotice(before, timedOut),
      ],
      [`“login” was not started: ${what}.`, undefined, undefined, undefined, undefined],
    );
  });

  const crash = { code: null, signal: 11, reason: 'exit' as const };
  const failures: [what: string, before: Partial<SessionRecord>, after: Partial<SessionRecord>, told: boolean][] = [
    [
      'that has no attempt left',
      { status: 'active' },
      { attempts: 3, exit: { code: 1, signal: null, reason: 'exit' } },
      true,
    ],
    ['that crashed, and is not to be started again', { status: 'active' }, { exit: crash }, true],
    ['that reached a limit', { status: 'active' }, { exit: { ...crash, reason: 'limit' } }, true],
    ['that could not be started again', { status: 'recovering' }, { exit: { ...crash, reason: 'start' } }, true],
    [
      'that says that it did not succeed',
      { status: 'active' },
      { exit: { code: 1, signal: null, reason: 'exit' } },
      false,
    ],
    [
      'that was given up',
      { status: 'recovering' },
      { exit: crash, evidence: { what: 'you gave up', by: 'user', at } },
      false,
    ],
    ['that had failed before', { status: 'failed' }, { exit: crash }, false],
  ];
  for (const [what, before, after, isTold] of failures) {
    it(`${isTold ? 'of' : 'nothing of'} a session ${what}`, () => {
      const notice = failureNotice(aRecord(before), aRecord({ status: 'failed', ...after }));
      assert.equal(notice?.startsWith('“login” has failed: ') ?? false, isTold);
    });
  }

  it('that a time limit has ended a session, once', () => {
    const evidence = { what: 'it did nothing for its 10 minutes', by: 'watchdog', at };
    const after = aRecord({ status: 'timeout', exit: { ...crash, reason: 'timeout' }, evidence });
    const statuses = ['active', 'waiting', 'recovering', 'timeout'] as const;
    const told = '“login” was ended: it did nothing for its 10 minutes.';
    assert.deepEqual(
      [...statuses.map((status) => timeoutNotice(aRecord({ status }), after)), timeoutNotice(undefined, after)],
      [told, told, told, undefined, undefined],
    );
  });

  it('what was lost with the machine', () => {
    const lost = aRecord({
      endedAt: at,
      exit: { code: null, signal: null, reason: 'lost' },
      evidence: { what: 'the machine was started anew', by: 'boot', at },
    });
    assert.deepEqual(resumeOffer([lost, aRecord({ status: 'active' }), aRecord()]), {
      text: '1 session is idle: the machine was started anew.',
      causes: [`${lost.id} ${at}`],
    });
  });

  it('of no single cause where there were several', () => {
    const exit = { code: null, signal: null, reason: 'lost' as const };
    const lost = ['one', 'another'].map((what) => aRecord({ exit, evidence: { what, by: 'host', at } }));
    assert.equal(resumeOffer(lost)?.text, '2 sessions are idle: their processes are gone.');
  });
});

function health(what: string): SessionHealth {
  const { id, name } = aRecord();
  const evidence = [{ what, by: 'watchdog', at }];
  return { id, name, status: 'active', state: 'degraded', evidence, endsAt: at };
}
