import assert from 'node:assert/strict';
import { type ExplainContext, explainSession } from '../../../src/core/explain.ts';
import { timeOfDay } from '../../../src/core/moments.ts';
import type { SessionHealth } from '../../../src/protocol/health.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const now = new Date('2026-03-10T12:00:00.000Z');
const policy = [
  'Its policy: it is started again by itself after a crash, at most 3 times in a row, after pauses of 1 to 300 s.',
  'It has no limits.',
];

describe('a session is explained', () => {
  it('while it runs: by what that is known, its health and what it uses', () => {
    const record = aRecord({ status: 'active', evidence: { what: 'it was started', by: 'user', at: ago(300) } });
    const evidence = [{ what: 'its host answers and its program has output', by: 'output', at: ago(12) }];
    const use = { memory: 312 * 1024 * 1024, cpu: 4.2, cpuTime: 1000, processes: 3 };
    assert.deepEqual(explain(record, { state: 'healthy', evidence, use }), [
      '“login” is running: it was started (5 min ago).',
      'It is healthy: its host answers and its program has output (seen at its output, 12 s ago).',
      'It uses 312 MB, 4 % of a core, 3 processes.',
      ...policy,
    ]);
  });

  it('while it recovers: why, when the next attempt is due and which one it is', () => {
    const killed = { what: 'its session host was killed', by: 'host', at: ago(3) };
    const record = aRecord({
      status: 'recovering',
      evidence: killed,
      attempts: 2,
      recovery: { starts: [], quickExits: 0, retryAt: ago(-12) },
    });
    assert.deepEqual(explain(record, { state: 'lost', evidence: [killed] }), [
      '“login” is recovering: its session host was killed (seen at its session host, 3 s ago).',
      `It is to be started again: attempt 2 of 3 in 12 s (${timeOfDay(ago(-12))}).`,
      ...policy,
    ]);
  });

  it('with what else is wrong while it recovers', () => {
    const killed = { what: 'its session host was killed', by: 'host', at: ago(3) };
    const room = {
      what: 'only 40 MB are free on the disk of its worktree',
      by: 'disk',
      at: ago(1),
      action: 'Free some.',
    };
    const record = aRecord({ status: 'recovering', evidence: killed, attempts: 1 });
    assert.deepEqual(explain(record, { state: 'lost', evidence: [killed, room] }).slice(1, 2), [
      'Also: only 40 MB are free on the disk of its worktree (seen at the disk, 1 s ago). Free some.',
    ]);
  });

  it('with what keeps all sessions from being started', () => {
    const record = aRecord({ status: 'recovering', attempts: 1 });
    const [, , next] = explain(record, undefined, { now, startsHeld: 'the disk is full' });
    assert.equal(
      next,
      'It is to be started again: attempt 1 of 3 now. But nothing is started by itself for now: the disk is full.',
    );
  });

  it('with each thing that is wrong, the worst first, and what would put it right', () => {
    const record = aRecord({ status: 'active' });
    const evidence = [
      { what: 'its session host has not answered for 14 s', by: 'heartbeat', at: ago(0), action: 'It is left alone.' },
      { what: 'it is ended in 45 s, for it does nothing', by: 'watchdog', at: ago(1) },
    ];
    assert.deepEqual(explain(record, { state: 'unresponsive', evidence, endsAt: ago(-45) }).slice(0, 4), [
      '“login” is running.',
      'It is unresponsive: its session host has not answered for 14 s (seen at the heartbeat of its host, just now). It is left alone.',
      'Also: it is ended in 45 s, for it does nothing (seen by the watchdog, 1 s ago).',
      `It is ended in 45 s (${timeOfDay(ago(-45))}) if nothing changes.`,
    ]);
  });

  it('once it has failed: how it ended, that nothing follows by itself, and when it is archived', () => {
    const record = aRecord({
      status: 'failed',
      endedAt: ago(600),
      exit: { code: 2, signal: null, reason: 'exit' },
      evidence: { what: 'ended with code 2; no attempt is left of 3', by: 'process', at: ago(600) },
    });
    assert.deepEqual(explain(record, { state: 'healthy', evidence: [] }).slice(0, 3), [
      '“login” has failed: ended with code 2; no attempt is left of 3 (seen at its process, 10 min ago).',
      'It is not started again by itself; “Restart Session” starts it.',
      'It is archived in 50 min.',
    ]);
  });

  it('once the user has stopped it, in few words', () => {
    const record = aRecord({
      status: 'cancelled',
      endedAt: ago(7200),
      exit: { code: null, signal: 1, reason: 'stop' },
      evidence: { what: 'you stopped it', by: 'user', at: ago(7200) },
    });
    assert.equal(explain(record, { state: 'healthy', evidence: [] })[0], '“login” was stopped by you (2 h ago).');
  });

  it('with what it left behind, for the very reason that its record tells', () => {
    const evidence = [{ what: 'ended with code 2', by: 'process', at: ago(86_400 * 3) }];
    const record = aRecord({ status: 'failed', ...(evidence[0] ? { evidence: evidence[0] } : {}) });
    assert.deepEqual(explain(record, { state: 'degraded', evidence }).slice(0, 2), [
      '“login” has failed: ended with code 2 (seen at its process, 3 d ago).',
      'It is degraded for that reason.',
    ]);
  });

  it('without a claim about what nobody has looked at', () => {
    assert.deepEqual(explain(aRecord(), undefined).slice(0, 3), [
      '“login” is idle: no process of it was seen yet.',
      'How it is beyond that is not known at present.',
      'It is not started by itself; “Restart Session” starts it.',
    ]);
  });

  it('by the policy that applies: its own first, then the settings', () => {
    const record = aRecord({ policy: { retry: 'onFailure', maxAttempts: 1, neverRetry: [2, 3], idleTimeout: 30 } });
    const settings = {
      policy: { maxAttempts: 9, memoryLimit: 2048 },
      staleAfter: 5,
      archiveAfter: 60,
      archiveKeepDays: 30,
    };
    assert.deepEqual(explain(record, undefined, { now, settings }).slice(-2), [
      'Its policy: it is started again by itself after a crash, and where it ends without success, at most 1 time in a row, after a pause of 1 s, but not after code 2 or 3.',
      'It is ended when it has done nothing for 30 min, or its processes use 2048 MB of memory.',
    ]);
  });

  it('by one pause where the longest is no longer than the first', () => {
    const record = aRecord({ policy: { retry: 'onCrash', retryDelay: 100, maxRetryDelay: 60 } });
    assert.match(explain(record, undefined).at(-2) ?? '', /, after pauses of 60 s\.$/);
  });

  it('with the reason for which the watchdog ends it', () => {
    const ending = { reason: 'timeout' as const, what: 'it ran for its 5 minutes', at: ago(2) };
    const [, second] = explain(aRecord({ status: 'active', ending }), undefined);
    assert.equal(second, 'Its process was told to end: it ran for its 5 minutes (seen by the watchdog, 2 s ago).');
  });
});

function explain(
  record: SessionRecord,
  health: Partial<SessionHealth> | undefined,
  context: ExplainContext = { now },
): string[] {
  const { id, name, status } = record;
  const told = health && ({ id, name, status, state: 'healthy', evidence: [], ...health } as SessionHealth);
  return explainSession(record, told, context);
}

/** A time so many seconds before now. */
function ago(seconds: number): string {
  return new Date(now.getTime() - seconds * 1000).toISOString();
}
