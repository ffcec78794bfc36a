import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  afterEnd,
  afterHealthyTime,
  afterLongRest,
  afterStart,
  decideRecovery,
  healthyTime,
  type Starter,
} from '../../../src/core/recovery.ts';
import type { SessionEnd } from '../../../src/core/sessionEnd.ts';
import { isGoingOn, isRecovering, isRunning, revise } from '../../../src/core/sessionRecord.ts';
import { type EffectivePolicy, effectivePolicy } from '../../../src/core/supervisionPolicy.ts';
import { type SessionRecord, type SessionStatus, sessionStatuses } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;

const crash: SessionEnd = { kind: 'exited', code: null, signal: 11 };
const failure: SessionEnd = { kind: 'exited', code: 3, signal: null };
const success: SessionEnd = { kind: 'exited', code: 0, signal: null };
const what = 'it could not be started again';

describe('whether a session is started again', () => {
  const verdicts: [policy: Partial<EffectivePolicy>, end: SessionEnd, verdict: string][] = [
    [{ retry: 'onCrash' }, crash, 'retry'],
    [{ retry: 'onCrash' }, { kind: 'hostLost' }, 'retry'],
    [{ retry: 'onCrash' }, { kind: 'startFailed', what }, 'retry'],
    [{ retry: 'onCrash' }, failure, 'end'],
    [{ retry: 'onFailure' }, failure, 'retry'],
    [{ retry: 'onFailure' }, { kind: 'exited', code: null, signal: 15 }, 'retry'],
    [{ retry: 'onFailure', neverRetry: [2, 3] }, failure, 'end: the policy never retries after code 3'],
    [
      { retry: 'onCrash', neverRetry: [137] },
      { kind: 'exited', code: 137, signal: null },
      'end: the policy never retries after code 137',
    ],
    [{ retry: 'never' }, crash, 'end'],
    [{ retry: 'onFailure', onLimit: 'stop' }, { kind: 'limit', what }, 'end'],
    [{ retry: 'never', onLimit: 'recover' }, { kind: 'limit', what }, 'retry'],
    [{ retry: 'never', onLimit: 'recover' }, { kind: 'timeout', what }, 'retry'],
    [{ retry: 'onCrash', maxAttempts: 0 }, crash, 'end'],
  ];
  for (const [policy, end, expected] of verdicts) {
    it(`with ${JSON.stringify(policy)} after ${JSON.stringify(end)}: ${expected}`, () => {
      const verdict = decide(aRecord({ status: 'active' }), end, policy);
      assert.equal(verdict.kind === 'end' && verdict.why ? `end: ${verdict.why}` : verdict.kind, expected);
    });
  }

  it('is never so after a clean end, a stop, a reboot or a logout, whatever the policy and the history', () => {
    const ends = fc.constantFrom<SessionEnd>(
      success,
      { kind: 'stopped' },
      { kind: 'rebooted' },
      { kind: 'dismissed' },
      { kind: 'unwatched' },
    );
    fc.assert(
      fc.property(policies, ends, fc.nat(10), (policy, end, attempts) => {
        return decide(aRecord({ status: 'active', attempts }), end, policy).kind === 'end';
      }),
    );
  });

  it('waits first for the initial pause, and then between that and the greatest', () => {
    fc.assert(
      fc.property(policies, fc.double({ min: 0, max: 0.999, noNaN: true }), (policy, luck) => {
        const [first, ...others] = delays({ ...policy, retry: 'onCrash', maxAttempts: 20 }, luck);
        const max = policy.maxRetryDelay * second;
        const initial = Math.min(policy.retryDelay * second, max);
        return first === initial && others.every((pause) => pause >= initial && pause <= max);
      }),
    );
  });

  it('waits at most twice as long as before', () => {
    const policy = { retryDelay: 1, maxRetryDelay: 10, maxAttempts: 6 };
    assert.deepEqual(
      delays(policy, 1),
      [1, 2, 4, 8, 10, 10].map((pause) => pause * second),
    );
  });

  it('waits by its own pauses again after the machine could not start it for long', () => {
    const recovery = { starts: [], quickExits: 0, delay: 2 * second, heldFor: 5 * minute };
    const verdict = decide(aRecord({ status: 'active', attempts: 1, recovery }), crash, {}, 1);
    assert.deepEqual(verdict, { kind: 'retry', attempt: 2, delay: 4 * second });
  });

  it('is no longer so when no attempt is left', () => {
    const verdict = decide(aRecord({ status: 'active', attempts: 3 }), crash, { maxAttempts: 3 });
    assert.deepEqual(verdict, { kind: 'end', why: 'no attempt is left of 3' });
  });

  it('counts the time of the next one anew, whatever the user has given this one', () => {
    const countsFrom = { sessionTimeout: 50 * minute, idleTimeout: 50 * minute };
    const changes = [ended(aRecord({ status: 'active', countsFrom }), crash), started(aRecord({ countsFrom }))];
    assert.deepEqual(
      changes.map((record) => record.countsFrom),
      [undefined, undefined],
    );
  });
});

describe('the breaker of crash loops', () => {
  it('opens at the third process in a row that ends within a second', () => {
    assert.deepEqual(lives([999, 999, 999]), ['recovering', 'recovering', 'it ended within a second 3 times in a row']);
  });

  it('goes by when a process ended, however late that is told', () => {
    const quick = [20 * second, 999, -20].map((length) => {
      const times = { now: at(20 * second), endedAt: at(length) };
      return ended(started(aRecord()), crash, times).recovery?.quickExits;
    });
    assert.deepEqual(quick, [0, 1, 1]);
  });

  it('does not count on over a process that ran for longer', () => {
    assert.deepEqual(lives([999, 999, 31 * second, 999, 999]), Array(5).fill('recovering'));
  });

  it('opens after the fifth start within half a minute, the user’s among them', () => {
    const times = Array(5).fill(5 * second);
    assert.deepEqual(lives(times), [...Array(4).fill('recovering'), 'it was started 5 times within 30 s']);
  });

  it('counts starts that failed, too', () => {
    let record = ended(started(aRecord()), crash, { policy: { maxAttempts: 100, retryDelay: 0 } });
    const end: SessionEnd = { kind: 'startFailed', what: 'it could not be started again' };
    const statuses: string[] = [];
    for (let start = 1; start < 5; start++) {
      record = ended(record, end, { policy: { maxAttempts: 100, retryDelay: 0 }, now: at(start * second) });
      statuses.push(record.status);
    }
    assert.deepEqual(statuses, ['recovering', 'recovering', 'recovering', 'failed']);
  });

  it('lets restarts through that are further apart', () => {
    assert.deepEqual(lives(Array(12).fill(8 * second)), Array(12).fill('recovering'));
  });

  it('remembers no more starts than it looks at', () => {
    let record = started(aRecord());
    for (let life = 0; life < 20; life++) {
      const now = later(record, minute);
      record = started(ended(record, crash, { policy: { maxAttempts: 100 }, now }), now);
    }
    assert.equal(record.recovery?.starts.length, 5);
  });

  it('is closed by a start of the user’s', () => {
    let record = started(aRecord());
    for (let round = 0; round < 2; round++) record = ended(record, crash, { now: later(record, 10) });
    record = started(revise(record, { status: 'cancelled' }), later(record, 20));
    assert.deepEqual([record.recovery?.starts.length, record.recovery?.quickExits, record.attempts], [1, 0, 0]);
  });

  it('believes no clock that was put back or forward a day while the process ran', () => {
    const shifted = [-day, day].map((shift) => {
      const recovery = { starts: [], quickExits: 2, delay: second };
      const record = aRecord({ status: 'active', attempts: 2, startedAt: at(0).toISOString(), recovery });
      return ended(record, crash, { now: at(shift + 5 * minute) }).status;
    });
    assert.deepEqual(shifted, ['recovering', 'recovering']);
  });
});

describe('the record of a session whose process comes and goes', () => {
  it('is never in a state that the status machine does not know, nor above its attempts', () => {
    fc.assert(
      fc.property(policies, fc.array(steps, { maxLength: 60 }), (policy, history) => {
        let record = aRecord();
        let now = at(0).getTime();
        for (const { step, passed } of history) {
          now += passed;
          record = taken(record, step, policy, new Date(now));
          assert.ok(sessionStatuses.includes(record.status));
          assert.ok(record.attempts <= Math.max(policy.maxAttempts, 0));
          assert.equal(record.recovery?.retryAt !== undefined, isRecovering(record));
          assert.equal(record.ptyPid !== undefined, isRunning(record));
          assert.ok((record.recovery?.starts.length ?? 0) <= 5);
        }
      }),
    );
  });

  it('says when its next attempt is due, and why', () => {
    const record = ended(started(aRecord()), crash, { now: at(minute) });
    assert.deepEqual(
      [record.status, record.attempts, record.recovery?.retryAt, record.evidence],
      [
        'recovering',
        1,
        at(minute + second).toISOString(),
        { what: 'was ended by SIGSEGV', by: 'process', at: at(minute).toISOString() },
      ],
    );
  });

  it('counts from the beginning where the user starts it, also one that waits for its next attempt', () => {
    const waiting = ended(started(ended(started(aRecord()), crash)), crash);
    const byUser = started(waiting, at(minute), 'user');
    assert.deepEqual(
      [waiting.attempts, byUser.attempts, byUser.recovery, byUser.evidence?.what],
      [2, 0, { starts: [at(minute).toISOString()], quickExits: 0 }, 'it was started'],
    );
  });

  it('says nothing of a next attempt once there is none', () => {
    const again = started(ended(started(aRecord()), crash));
    const waiting = ended(again, crash);
    const { recovery, status } = ended(
      revise(waiting, { recovery: { starts: [], quickExits: 0, ...waiting.recovery, heldFor: 1 } }),
      { kind: 'stopped' },
    );
    assert.deepEqual(
      [status, recovery?.retryAt, recovery?.heldFor, recovery?.starts.length],
      ['cancelled', undefined, undefined, 2],
    );
  });

  it('is failed, not illegal, where the last attempt could not be made', () => {
    const record = aRecord({ status: 'recovering', attempts: 3 });
    const end: SessionEnd = { kind: 'startFailed', what: 'it could not be started again: no such file' };
    const { status, evidence } = ended(record, end);
    assert.deepEqual(
      [status, evidence?.what],
      ['failed', 'it could not be started again: no such file; no attempt is left of 3'],
    );
  });

  it('counts its attempts from the start again after ten minutes without a crash, and not before', () => {
    const record = aRecord({ status: 'active', attempts: 2, recovery: { starts: [], quickExits: 1 } });
    const changes = [healthyTime - 1, healthyTime].map((healthyFor) => afterHealthyTime(record, healthyFor));
    assert.deepEqual([healthyTime, changes], [10 * minute, [undefined, { attempts: 0, recovery: undefined }]]);
  });

  it('is not written after ten minutes where there is nothing to reset', () => {
    assert.equal(afterHealthyTime(aRecord({ status: 'active' }), day), undefined);
  });
});

describe('a session that has ended', () => {
  const settings = { archiveAfter: 60 };
  const ended = (status: SessionStatus = 'completed') => aRecord({ status, endedAt: at(0).toISOString() });

  it('leaves the list after an hour, and not before', () => {
    const changes = [60 * minute - 1, 60 * minute].map((rest) => afterLongRest(ended(), settings, { now: at(rest) }));
    assert.deepEqual(changes, [undefined, { archivedAt: at(60 * minute).toISOString() }]);
  });

  it('leaves the list only where it is finished', () => {
    const leaving = sessionStatuses.filter((status) => afterLongRest(ended(status), settings, { now: at(day) }));
    assert.deepEqual(leaving, ['completed', 'failed', 'timeout', 'cancelled']);
  });

  it('stays where it is never to leave, or has left already', () => {
    const gone = { ...ended(), archivedAt: at(0).toISOString() };
    const changes = [
      afterLongRest(ended(), { archiveAfter: 0 }, { now: at(day) }),
      afterLongRest(gone, settings, { now: at(day) }),
    ];
    assert.deepEqual(changes, [undefined, undefined]);
  });

  it('rests by the clock that nobody sets, where its end was seen', () => {
    const forward = afterLongRest(ended(), settings, { now: at(day), restedFor: minute });
    const back = afterLongRest(ended(), settings, { now: at(-day), restedFor: 61 * minute });
    assert.deepEqual([forward, back], [undefined, { archivedAt: at(-day).toISOString() }]);
  });
});

const policies = fc.record({
  retry: fc.constantFrom('never' as const, 'onCrash' as const, 'onFailure' as const),
  maxAttempts: fc.integer({ min: 0, max: 6 }),
  retryDelay: fc.integer({ min: 0, max: 100 }),
  maxRetryDelay: fc.integer({ min: 0, max: 600 }),
  neverRetry: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 3 }),
  onLimit: fc.constantFrom('stop' as const, 'recover' as const),
});

type Step = SessionEnd | { kind: 'started' };

const steps = fc.record({
  step: fc.oneof(
    fc.constant<Step>({ kind: 'started' }),
    fc.constantFrom<Step>(success, failure, crash, { kind: 'stopped' }, { kind: 'hostLost' }, { kind: 'rebooted' }),
    fc.constantFrom<Step>({ kind: 'dismissed' }, { kind: 'unwatched' }, { kind: 'startFailed', what }),
    fc.constantFrom<Step>({ kind: 'limit', what }, { kind: 'timeout', what }),
  ),
  passed: fc.integer({ min: -day, max: day }),
});

/** What is told of a session is taken in only where it is news to its record. */
function taken(record: SessionRecord, step: Step, policy: Partial<EffectivePolicy>, now: Date): SessionRecord {
  if (step.kind === 'started') return isRunning(record) ? record : started(record, now);
  const isNews = {
    stopped: isGoingOn(record),
    startFailed: isRecovering(record),
  }[step.kind as string];
  return (isNews ?? isRunning(record)) ? ended(record, step, { policy, now }) : record;
}

interface EndOptions {
  endedAt?: Date;
  policy?: Partial<EffectivePolicy>;
  now?: Date;
  luck?: number;
}

function ended(record: SessionRecord, end: SessionEnd, { policy = {}, luck = 0, ...times }: EndOptions = {}) {
  return revise(record, afterEnd({ record, end, policy: whole(policy), now: at(0), ...times, random: () => luck }));
}

function started(record: SessionRecord, now = at(0), by: Starter = 'retry'): SessionRecord {
  return revise(record, afterStart(record, 7, now, by));
}

function decide(record: SessionRecord, end: SessionEnd, policy: Partial<EffectivePolicy> = {}, luck = 0) {
  return decideRecovery({ record, end, policy: whole(policy), now: at(0), random: () => luck });
}

function whole(policy: Partial<EffectivePolicy>): EffectivePolicy {
  return effectivePolicy({ retry: 'onCrash', ...policy });
}

/** The pauses before each attempt of a session that crashes again and again, minutes apart. */
function delays(policy: Partial<EffectivePolicy>, luck: number): number[] {
  const found: number[] = [];
  let record = started(aRecord());
  for (let now = at(minute); ; now = new Date(now.getTime() + 10 * minute)) {
    record = ended(record, crash, { policy, now, luck });
    if (!isRecovering(record)) return found;
    found.push(record.recovery?.delay ?? Number.NaN);
    record = started(record, now);
  }
}

/** What the record says after each of several lives, each so long, started again without a pause. */
function lives(lengths: number[]): (string | undefined)[] {
  let now = 0;
  let record = started(aRecord());
  return lengths.map((length) => {
    now += length;
    record = ended(record, crash, { policy: { maxAttempts: 100, retryDelay: 0 }, now: at(now) });
    const seen = isRecovering(record) ? record.status : record.evidence?.what.split('; ')[1];
    if (isRecovering(record)) record = started(record, at(now));
    return seen;
  });
}

function at(passed: number): Date {
  return new Date(Date.parse('2026-03-07T10:00:00Z') + passed);
}

function later({ startedAt }: SessionRecord, passed: number): Date {
  return new Date(Date.parse(startedAt ?? '') + passed);
}
