import assert from 'node:assert/strict';
import { afterReport } from '../../../src/core/sessionReport.ts';
import type { SessionRecord, SessionStatus } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const now = new Date('2026-01-01T02:00:00.000Z');
const at = now.toISOString();

describe('a report of a session', () => {
  const changing: [status: SessionStatus, state: 'working' | 'waiting' | 'done', to: SessionStatus, what: string][] = [
    ['active', 'waiting', 'waiting', 'it waits for you'],
    ['active', 'done', 'waiting', 'it is done with what it was asked'],
    ['waiting', 'working', 'active', 'it works'],
    ['waiting', 'done', 'waiting', 'it is done with what it was asked'],
  ];
  for (const [status, state, to, what] of changing) {
    it(`that it is ${state} makes one that is ${status} ${to}`, () => {
      const changes = afterReport(aRecord({ status }), { state }, now);
      assert.deepEqual(changes, { status: to, evidence: { what, by: 'report', at }, lastActivity: at });
    });
  }

  const messages: [state: 'working' | 'waiting' | 'done', message: string, what: string | undefined][] = [
    ['waiting', 'May I run “make”?', 'it asks: May I run “make”?'],
    ['done', 'All tests pass', 'it is done: All tests pass'],
    ['waiting', ' two\n\tlines \x1b[31m', 'it asks: two lines [31m'],
    ['waiting', '\n', 'it waits for you'],
    ['waiting', 'x'.repeat(201), `it asks: ${'x'.repeat(199)}…`],
  ];
  for (const [state, message, what] of messages) {
    it(`has its message in the evidence: ${JSON.stringify(message.slice(0, 30))}, ${state}`, () => {
      assert.equal(afterReport(aRecord({ status: 'active' }), { state, message }, now)?.evidence?.what, what);
    });
  }

  const silent: [what: string, record: SessionRecord, state: 'working' | 'waiting'][] = [
    ['that one works which does', aRecord({ status: 'active' }), 'working'],
    ['that one waits which does', aRecord({ status: 'waiting', evidence: evidence('it waits for you') }), 'waiting'],
    ['of one that has ended', aRecord({ status: 'completed' }), 'waiting'],
    ['of one that is to be started again', aRecord({ status: 'recovering' }), 'waiting'],
  ];
  for (const [what, record, state] of silent) {
    it(`changes nothing ${what}`, () => assert.equal(afterReport(record, { state }, now), undefined));
  }
});

function evidence(what: string): SessionRecord['evidence'] {
  return { what, by: 'report', at };
}
