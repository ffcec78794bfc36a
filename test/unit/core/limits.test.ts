import assert from 'node:assert/strict';
import fc from 'fast-check';
import { judgeLimits, type LimitFacts, type LimitStreaks, type LimitVerdict } from '../../../src/core/limits.ts';
import { type EffectivePolicy, effectivePolicy } from '../../../src/core/supervisionPolicy.ts';
import type { SessionStatus } from '../../../src/protocol/sessionRecord.ts';
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
