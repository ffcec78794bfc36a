import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  judgeLimits,
  type LimitFacts,
  type LimitStreaks,
  type LimitVerdict,
  nextEnd,
} from '../../../src/core/limits.ts';
import { type EffectivePolicy, effectivePolicy } from '../../../src/core/supervisionPolicy.ts';
import type { SessionRecord, SessionStatus } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const now = new Date('2026-03-07T10:00:00Z');
const second = 1_000;
const minute = 60 * second;
const megabyte = 1024 * 1024;

const use = { memory: 0, cpu: 0, cpuTime: 0, processes: 1 };

type Seen = Omit<LimitFacts, 'now'>;

describe('the limits of a session', () => {
  const memory = (megabytes: number): Seen => ({ use: { ...use, memory: megabytes * megabyte } });

  it('of an amount are reached at the third look in a row, by those alone', () => {
    const looks = [memory(100), memory(100), memory(99), memory(100), memory(150), memory(100), memory(101)];
    assert.deepEqual(trips({ memoryLimit: 100 }, looks), ['', '', '', '', '', 'memory', 'memory']);
  });

  it('are not counted on over a look at which nothing was known', () => {
    const looks = [memory(100), memory(100), {}, memory(100), memory(100), memory(100)];
    assert.deepEqual(trips({ memoryLimit: 100 }, looks), ['', '', '', '', '', 'memory']);
  });

  it('of a time are reached at once', () => {
    const looks = [{ running: 5 * minute - 1 }, { running: 5 * minute }];
    assert.deepEqual(trips({ sessionTimeout: 5 }, looks), ['', 'sessionTimeout']);
  });

  const reached: [policy: Partial<EffectivePolicy>, seen: Seen, what: string][] = [
    [{ sessionTimeout: 1 }, { running: minute }, 'it ran for its 1 minute'],
    [{ idleTimeout: 5 }, { idle: 5 * minute }, 'it did nothing for its 5 minutes'],
    [{ memoryLimit: 400 }, memory(400), 'its processes used more than 400 MB of memory'],
    [{ cpuLimit: 2 }, { use: { ...use, cpuTime: 2 * minute } }, 'its processes used 2 minutes of processor time'],
    [{ transcriptLimit: 10 }, { transcriptGrowth: 10 * megabyte }, 'its transcript grew by more than 10 MB'],
  ];
  for (const [policy, seen, what] of reached) {
    it(`say “${what}”`, () => assert.equal(look(policy, [seen, seen, seen]).trip?.what, what));
    it(`are off where they are 0: ${Object.keys(policy)}`, () => {
      const off = Object.fromEntries(Object.keys(policy).map((field) => [field, 0]));
      assert.deepEqual(look(off, [seen, seen, seen]), { streaks: {}, warnings: [] });
    });
  }

  it('do not take one that waits for the user for idle, but its time goes on', () => {
    const policy = { idleTimeout: 1, sessionTimeout: 10 };
    const verdicts = [9 * minute - 1, 10 * minute].map((passed) =>
      look(policy, [{ idle: passed, running: passed }], 'waiting'),
    );
    assert.deepEqual(
      verdicts.map(({ trip, warnings }) => [trip?.kind, warnings.map(({ kind }) => kind)]),
      [
        [undefined, []],
        ['sessionTimeout', ['sessionTimeout']],
      ],
    );
  });

  const times: [passed: number, warning: string | undefined][] = [
    [4 * minute - 1, undefined],
    [4 * minute, 'it is ended in 60 s, for it does nothing, at 10:01:00'],
    [4 * minute + 50 * second + 1, 'it is ended in 10 s, for it does nothing, at 10:00:09'],
    [6 * minute, 'it is ended in 0 s, for it does nothing, at 10:00:00'],
  ];
  for (const [idle, warning] of times) {
    it(`warn a minute before a time is over: “${warning ?? 'nothing'}” after ${Math.floor(idle / second)} s`, () => {
      const warnings = look({ idleTimeout: 5 }, [{ idle }]).warnings;
      assert.deepEqual(
        warnings.map(({ what, endsAt }) => `${what}, at ${endsAt?.slice(11, 19)}`),
        warning === undefined ? [] : [warning],
      );
    });
  }

  const short: [idleTimeout: number, warnedFrom: number][] = [
    [1, 30 * second],
    [1.5, 45 * second],
    [2, minute],
  ];
  for (const [idleTimeout, warnedFrom] of short) {
    it(`warn only in the second half of a short time: after ${warnedFrom / second} s of ${idleTimeout} min`, () => {
      const warned = [5 * second, warnedFrom - 1, warnedFrom].map((idle) => look({ idleTimeout }, [{ idle }]).warnings);
      assert.deepEqual(
        warned.map(({ length }) => length),
        [0, 0, 1],
      );
    });
  }

  it('warn first of what ends a session first', () => {
    const seen = { running: 9.5 * minute, idle: 4.2 * minute, use: { ...use, memory: 99 * megabyte } };
    const policies = [
      { sessionTimeout: 10, idleTimeout: 5, memoryLimit: 100 },
      { sessionTimeout: 10.4, idleTimeout: 5, memoryLimit: 100 },
    ];
    assert.deepEqual(
      policies.map((policy) => look(policy, [seen]).warnings.map(({ kind }) => kind)),
      [
        ['sessionTimeout', 'idleTimeout', 'memory'],
        ['idleTimeout', 'sessionTimeout', 'memory'],
      ],
    );
  });

  it('of time count from when the user let it go on, each on its own', () => {
    const policy = { sessionTimeout: 60, idleTimeout: 10 };
    const seen = { running: 65 * minute, idle: 12 * minute };
    const kinds = [{}, { idleTimeout: 64 * minute }, { sessionTimeout: 59 * minute, idleTimeout: 59 * minute }].map(
      (countsFrom) => judge(policy, seen, countsFrom).trip?.kind,
    );
    assert.deepEqual(kinds, ['sessionTimeout', 'sessionTimeout', undefined]);
  });

  it('of idle time count from what it did last, where that was later', () => {
    const seen = { running: 65 * minute, idle: minute };
    assert.deepEqual(end({ idleTimeout: 10 }, seen, { idleTimeout: 10 * minute }), ['10:09:00', 'idleTimeout']);
  });

  it('tell when the first of them will end it, if any', () => {
    const seen = { running: 50 * minute, idle: minute };
    const policies = [
      { sessionTimeout: 60, idleTimeout: 10 },
      { sessionTimeout: 60, idleTimeout: 15 },
      { memoryLimit: 100 },
    ];
    assert.deepEqual(
      policies.map((policy) => end(policy, seen)),
      [
        ['10:09:00', 'idleTimeout'],
        ['10:10:00', 'sessionTimeout'],
        [undefined, undefined],
      ],
    );
  });

  it('warn from nine tenths of an amount on', () => {
    const warnings = [89, 90, 99].map((megabytes) => look({ memoryLimit: 100 }, [memory(megabytes)]).warnings);
    assert.deepEqual(
      warnings.map((ones) => ones.map(({ what }) => what)),
      [[], ['it is at 90 % of its limit of memory'], ['it is at 99 % of its limit of memory']],
    );
  });

  it('end nothing of which nothing is known, nor what does not run, whatever the policy', () => {
    const limit = fc.integer({ min: 0, max: 1_000_000 });
    const policies = fc.record({
      sessionTimeout: limit,
      idleTimeout: limit,
      memoryLimit: limit,
      cpuLimit: limit,
      transcriptLimit: limit,
    });
    const rests = fc.constantFrom('idle', 'recovering', 'completed', 'failed', 'timeout', 'cancelled');
    const over: Seen = {
      running: 1e15,
      idle: 1e15,
      use: { ...use, memory: 1e15, cpuTime: 1e15 },
      transcriptGrowth: 1e15,
    };
    fc.assert(
      fc.property(policies, rests, (policy, status) => {
        const unknown = look(policy, [{}, {}, {}, {}]);
        const resting = look(policy, [over, over, over, over], status as SessionStatus);
        return [unknown, resting].every(({ trip, warnings }) => trip === undefined && warnings.length === 0);
      }),
    );
  });

  it('are judged by no clock that a user can set', () => {
    const day = 24 * 60 * minute;
    const seen: Seen = { idle: 4 * minute, running: 4 * minute, use, transcriptGrowth: 0 };
    const policy = effectivePolicy({ retry: 'never', idleTimeout: 5, sessionTimeout: 5, memoryLimit: 9, cpuLimit: 9 });
    const judge = (shift: number) =>
      judgeLimits(aRecord({ status: 'active' }), policy, { ...seen, now: new Date(now.getTime() + shift) }).trip;
    assert.deepEqual([judge(-day), judge(day)], [undefined, undefined]);
  });
});

type CountsFrom = NonNullable<SessionRecord['countsFrom']>;

function judge(policy: Partial<EffectivePolicy>, seen: Seen, countsFrom: CountsFrom): LimitVerdict {
  const record = aRecord({ status: 'active', countsFrom });
  return judgeLimits(record, effectivePolicy({ retry: 'never', ...policy }), { now, ...seen });
}

function end(policy: Partial<EffectivePolicy>, seen: Seen, countsFrom: CountsFrom = {}): (string | undefined)[] {
  const record = aRecord({ status: 'active', countsFrom });
  const { endsAt, endsBy } = nextEnd(record, effectivePolicy({ retry: 'never', ...policy }), { now, ...seen });
  return [endsAt?.slice(11, 19), endsBy];
}

/** What the last of several looks in a row says. */
function look(policy: Partial<EffectivePolicy>, looks: Seen[], status: SessionStatus = 'active'): LimitVerdict {
  return verdicts(policy, looks, status).at(-1) as LimitVerdict;
}

function trips(policy: Partial<EffectivePolicy>, looks: Seen[]): string[] {
  return verdicts(policy, looks).map(({ trip }) => trip?.kind ?? '');
}

function verdicts(policy: Partial<EffectivePolicy>, looks: Seen[], status: SessionStatus = 'active'): LimitVerdict[] {
  let streaks: LimitStreaks = {};
  return looks.map((seen) => {
    const whole = effectivePolicy({ retry: 'never', ...policy });
    const verdict = judgeLimits(aRecord({ status }), whole, { now, ...seen }, streaks);
    streaks = verdict.streaks;
    return verdict;
  });
}
