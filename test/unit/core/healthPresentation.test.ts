import assert from 'node:assert/strict';
import {
  type Alarm,
  ailment,
  alarmOf,
  complaints,
  countComplaints,
  describeBytes,
  describeState,
  glance,
  leftNotice,
} from '../../../src/core/healthPresentation.ts';
import type { HealthReport, HealthState, SessionHealth } from '../../../src/protocol/health.ts';
import type { SessionRecord, SessionStatus } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

/** Of a session whose host was killed. */
const killed = {
  exit: { code: null, signal: null, reason: 'lost' },
  evidence: { what: 'its session host was killed', by: 'host', at: '2026-01-01T01:59:00.000Z' },
} as const;

const now = new Date('2026-01-01T02:00:00.000Z');

describe('the health of sessions is shown', () => {
  const retries: [retryAt: string | undefined, text: string][] = [
    ['2026-01-01T02:00:09.500Z', 'in 10 s'],
    ['2026-01-01T02:00:10.500Z', 'in 15 s'],
    ['2026-01-01T02:01:52.500Z', 'in 115 s'],
    ['2026-01-01T02:01:58.500Z', 'in 2 min'],
    ['2026-01-01T02:05:00.000Z', 'in 5 min'],
    ['2026-01-01T04:05:00.000Z', 'in 2 h'],
    ['2026-01-01T01:59:00.000Z', 'now'],
    [undefined, 'now'],
  ];
  for (const [retryAt, text] of retries) {
    it(`as a countdown to the next attempt: ${text}`, () => {
      const recovery = { starts: [], quickExits: 0, ...(retryAt ? { retryAt } : {}) };
      const record = aRecord({ status: 'recovering', attempts: 2, recovery });
      assert.equal(describeState(record, undefined, { now, policy: {} }), `recovering ${text} · attempt 2 of 3`);
    });
  }

  it('before the branch and the age, where it is not well', () => {
    const record = aRecord({ status: 'active' });
    assert.deepEqual(
      (['healthy', 'stale', 'unresponsive'] as const).map((state) =>
        describeState(record, health('login', state), { now, policy: {} }),
      ),
      ['feature/login · 2h', 'stale · feature/login · 2h', 'unresponsive · feature/login · 2h'],
    );
  });

  it('not where it was told of another status', () => {
    assert.equal(ailment(aRecord({ status: 'cancelled' }), health('login', 'stale')), undefined);
  });

  it('in a list, the worst first, with why', () => {
    const told = complaints(report(health('a', 'stale'), health('b', 'healthy'), health('c', 'unresponsive')));
    assert.deepEqual(
      [told.map(({ text }) => text), countComplaints(told)],
      [['c: it is unresponsive', 'a: it is stale'], '1 unresponsive, 1 stale'],
    );
  });

  const glances: [fields: Partial<SessionRecord>, state: HealthState, text: string][] = [
    [{ status: 'active' }, 'healthy', 'login · running'],
    [{ status: 'active' }, 'unresponsive', 'login · running, unresponsive: it is unresponsive'],
    [{ status: 'recovering', ...killed }, 'lost', 'login · recovering: its session host was killed'],
    [{ status: 'failed', ...killed }, 'healthy', 'login · failed: its session host was killed'],
    [{ status: 'completed', exit: { ...killed.exit, code: 0 } }, 'healthy', 'login · completed'],
  ];
  for (const [fields, state, text] of glances) {
    it(`in one line of a list: ${text}`, () => {
      const record = aRecord(fields);
      assert.equal(glance(record, { ...health('login', state), status: record.status }), text);
    });
  }

  const alarms: [status: SessionStatus, state: HealthState, alarm: Alarm][] = [
    ['active', 'healthy', 'none'],
    ['active', 'stale', 'none'],
    ['active', 'degraded', 'warning'],
    ['active', 'unresponsive', 'error'],
    ['active', 'lost', 'error'],
    ['recovering', 'lost', 'warning'],
    ['waiting', 'healthy', 'warning'],
    ['completed', 'degraded', 'none'],
    ['cancelled', 'degraded', 'none'],
    ['timeout', 'healthy', 'warning'],
  ];
  for (const [status, state, alarm] of alarms) {
    it(`with an alarm of “${alarm}” where one is ${status} and ${state}`, () => {
      const { id } = aRecord();
      const told = report({ ...health('login', state), id, status });
      assert.equal(alarmOf([aRecord({ id: 'other' }), aRecord({ status })], told), alarm);
    });
  }

  it('with a warning while no session is started by itself', () => {
    assert.equal(alarmOf([aRecord()], { ...report(), startsHeld: 'the disk is full' }), 'warning');
  });

  const failure = { code: 1, signal: null, reason: 'exit' as const };
  const gaveUp = { what: 'you gave up', by: 'user', at: now.toISOString() };
  const failures: [what: string, fields: Partial<SessionRecord>, alarm: Alarm][] = [
    ['that crashed', { exit: { ...failure, code: null, signal: 11 } }, 'warning'],
    ['that has no attempt left', { exit: failure, attempts: 3 }, 'warning'],
    ['that crashed and is folded away', { exit: { ...failure, code: 139 }, archivedAt: now.toISOString() }, 'none'],
    ['that was given up', { exit: { ...failure, reason: 'lost' }, evidence: gaveUp }, 'none'],
    ['that says that it did not succeed', { exit: failure }, 'none'],
  ];
  for (const [what, fields, alarm] of failures) {
    it(`with an alarm of “${alarm}” for a failed session ${what}`, () => {
      assert.equal(alarmOf([aRecord({ status: 'failed', ...fields })], report()), alarm);
    });
  }

  it('with what a session that goes leaves behind', () => {
    const record = aRecord();
    const left = (sessionId: string, pid: number) => ({ kind: 'daemon' as const, sessionId, pid, what: 'sleep 604' });
    const some = { ...report(), leftovers: [left(record.id, 7), left('other', 8)] };
    const many = { ...report(), leftovers: [1, 2, 3, 4, 5, 6, 7].map((pid) => left(record.id, pid)) };
    const none = { ...report(), leftovers: [left('other', 8)] };
    assert.deepEqual(
      [leftNotice(record, some), leftNotice(record, many)?.slice(-45), leftNotice(record, none)],
      [
        'What “login” left behind runs on: sleep 604 (process 7).',
        '(process 4), sleep 604 (process 5) and 2 more.',
        undefined,
      ].map((text) => text?.slice(text.includes('more') ? -45 : 0)),
    );
  });

  const sizes: [megabytes: number, text: string][] = [
    [2.34, '2.3 MB'],
    [312, '312 MB'],
    [1434, '1.4 GB'],
  ];
  for (const [megabytes, text] of sizes) {
    it(`with its memory: ${text}`, () => assert.equal(describeBytes(megabytes * 1024 * 1024), text));
  }
});

function health(name: string, state: HealthState): SessionHealth {
  const evidence = [{ what: `it is ${state}`, by: 'output', at: now.toISOString() }];
  return { id: name, name, status: 'active', state, evidence };
}

function report(...sessions: SessionHealth[]): HealthReport {
  return { sessions } as unknown as HealthReport;
}
