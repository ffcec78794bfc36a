import assert from 'node:assert/strict';
import fc from 'fast-check';
import { runCascade } from '../../../src/core/cascade.ts';
import { type HealthFacts, isSameHealth, judgeHealth, rank, summarize } from '../../../src/core/health.ts';
import { healthStates, type SessionHealth } from '../../../src/protocol/health.ts';
import { type SessionRecord, sessionStatuses } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const second = 1_000;
const minute = 60 * second;
const megabyte = 1024 * 1024;
const now = new Date('2026-03-07T10:00:00Z');

const ago = (passed: number) => new Date(now.getTime() - passed).toISOString();
const active = aRecord({ status: 'active', ptyPid: 7 });
const waiting = aRecord({ status: 'waiting', ptyPid: 7 });
const sound = { record: 'sound', checkpoint: 'sound', worktree: { state: 'own', branch: 'feature/login' } } as const;

describe('the layers of the diagnosis', () => {
  const doctor = '“Holdfast: Doctor” repairs it.';
  const repairWorktree = '“Repair Worktree…” tells what can be done.';
  const left = (host: string) =>
    `It is left alone, for it may go on; to give it up, kill its session host${host}, which counts as a crash.`;
  const findings: [what: string, record: SessionRecord, facts: Partial<HealthFacts>, finding: string][] = [
    [
      'a host that is gone',
      active,
      { host: 'gone' },
      'pid lost: its session host is gone (It is started again, or becomes idle, by itself.)',
    ],
    [
      'a host that cannot be reached',
      active,
      { isUnreachable: true },
      `heartbeat unresponsive: its session host lives but cannot be reached (${left('')})`,
    ],
    [
      'a host that is late',
      active,
      { silence: 7 * second },
      'heartbeat degraded: its session host has not answered for 7 s (-)',
    ],
    [
      'a host that is silent',
      waiting,
      { silence: minute, hostPid: 6 },
      `heartbeat unresponsive: its session host has not answered for 60 s (${left(' (process 6)')})`,
    ],
    [
      'a damaged record',
      aRecord(),
      { files: { ...sound, record: 'damaged' } },
      `integrity degraded: its record on disk is damaged (${doctor})`,
    ],
    [
      'a checkpoint that is missing',
      active,
      { files: { ...sound, checkpoint: 'missing' } },
      'integrity degraded: its checkpoint is missing (Its host writes the next one by itself.)',
    ],
    [
      'a worktree of another repository',
      aRecord(),
      { files: { ...sound, worktree: { state: 'foreign', why: 'one of another repository' } } },
      `integrity degraded: its worktree /repo/.worktrees/login-3f1c9d2e is one of another repository (${repairWorktree})`,
    ],
    [
      'a disk that cannot be written',
      aRecord(),
      { disks: [{ holds: 'its files', isWritable: false, free: 0 }] },
      'disk degraded: the disk of its files cannot be written (Check its permissions.)',
    ],
    [
      'a disk that hangs',
      aRecord(),
      { disks: [{ holds: 'its worktree', isSilent: true }] },
      'disk degraded: the disk of its worktree does not answer (Check that it is connected.)',
    ],
    [
      'a disk that is nearly full',
      aRecord(),
      { disks: [{ holds: 'its worktree', free: 511 * megabyte }] },
      'disk degraded: only 511 MB are free on the disk of its worktree (Free some space.)',
    ],
    [
      'a process that was left behind',
      aRecord(),
      { leftBehind: 1 },
      'orphaned degraded: 1 of its processes runs on without its terminal (It may be meant to; “Review Leftovers…” ends it.)',
    ],
    [
      'a host of what was destroyed',
      aRecord({ deletedAt: ago(0) }),
      { host: 'alive' },
      'orphaned degraded: its host lives though it was destroyed (End the host, or restore the session from a backup.)',
    ],
  ];
  for (const [what, record, facts, finding] of findings) {
    it(`find ${what}`, () => assert.deepEqual(diagnosed(record, facts), [finding]));
  }

  it('find a worktree that is gone, and what can be done', () => {
    assert.match(
      diagnosed(aRecord({ status: 'cancelled' }), { files: { ...sound, worktree: { state: 'gone' } } })[0] ?? '',
      /^integrity degraded: its worktree \/repo\/\.worktrees\/login-3f1c9d2e is gone \(.+\)$/,
    );
  });

  it('find nothing wrong with a worktree that is made with the next start', () => {
    assert.deepEqual(diagnosed(aRecord(), { files: { ...sound, worktree: { state: 'gone' } } }), []);
  });

  it('tell all that they find, from the cheap look to the dear one', () => {
    const facts: Partial<HealthFacts> = {
      host: 'gone',
      silence: minute,
      files: { record: 'missing', checkpoint: 'sound' },
      disks: [{ holds: 'its files', free: 0 }],
      leftBehind: 2,
    };
    const layersOf = (record: SessionRecord) => runCascade(record, { now, ...facts }).map(({ layer }) => layer);
    // What an earlier process left behind is no reason to worry about a session that runs.
    assert.deepEqual(
      [layersOf(active), layersOf(aRecord())],
      [
        ['pid', 'heartbeat', 'integrity', 'disk'],
        ['integrity', 'disk', 'orphaned'],
      ],
    );
  });

  it('conclude nothing from what was not seen, or could not be', () => {
    const disks = [{ holds: 'its files' }];
    const found = sessionStatuses.map((status) => [
      ...diagnosed(aRecord({ status }), {}),
      ...diagnosed(aRecord({ status }), { host: 'unknown', disks }),
    ]);
    assert.deepEqual(found.flat(), []);
  });

  it('expect no host and no checkpoint of a session that does not run', () => {
    const facts: Partial<HealthFacts> = {
      host: 'gone',
      silence: minute,
      isUnreachable: true,
      files: { ...sound, checkpoint: 'missing' },
    };
    assert.deepEqual(diagnosed(aRecord({ status: 'completed' }), facts), []);
  });
});

describe('the health of a session', () => {
  const states: [what: string, record: SessionRecord, facts: Partial<HealthFacts>, told: string][] = [
    ['nothing is known of', active, {}, 'healthy by record: its process was seen to run'],
    ['answers', active, { silence: 0 }, 'healthy by heartbeat: its host answers'],
    [
      'has output',
      active,
      { silence: 0, lastOutputAt: ago(second) },
      'healthy by output: its host answers and its program has output',
    ],
    ['does not run', aRecord(), {}, 'healthy by record: nothing runs in it'],
    [
      'was stopped',
      aRecord({ status: 'cancelled', evidence: { what: 'you stopped it', by: 'user', at: ago(0) } }),
      {},
      'healthy by user: you stopped it',
    ],
    [
      'is about to be started again',
      aRecord({ status: 'recovering', evidence: { what: 'its session host was killed', by: 'host', at: ago(0) } }),
      {},
      'lost by host: its session host was killed',
    ],
    ['has said nothing for long', active, { quietFor: 5 * minute }, 'stale by output: it has said nothing for 5 min'],
    [
      'has said something a moment ago',
      active,
      { quietFor: 5 * minute - 1 },
      'healthy by record: its process was seen to run',
    ],
    [
      'waits for the user in silence',
      waiting,
      { quietFor: 60 * minute },
      'healthy by record: its process was seen to run',
    ],
    [
      'may be silent for ever',
      active,
      { quietFor: 60 * minute, staleAfter: 0 },
      'healthy by record: its process was seen to run',
    ],
    [
      'does not take what is typed',
      active,
      { inputPendingSince: ago(2 * second) },
      'unresponsive by input: its program does not take what is typed',
    ],
    [
      'takes what is typed a little late',
      active,
      { inputPendingSince: ago(2 * second - 1) },
      'healthy by record: its process was seen to run',
    ],
    [
      'does not take what is typed for two seconds by its host’s monotonic clock',
      active,
      { inputPendingFor: 2 * second, inputPendingSince: ago(0) },
      'unresponsive by input: its program does not take what is typed',
    ],
    [
      'was typed into a moment ago, though a clock that was set forward says long ago',
      active,
      { inputPendingFor: 1, inputPendingSince: ago(60 * minute) },
      'healthy by record: its process was seen to run',
    ],
    [
      'has taken all that was typed',
      active,
      { inputPendingFor: null, inputPendingSince: null },
      'healthy by record: its process was seen to run',
    ],
    [
      'does not end',
      active,
      { stoppingSince: ago(minute) },
      'unresponsive by process: its process was told to end 1 min ago and still runs',
    ],
    [
      'is near a limit',
      active,
      { warnings: [{ kind: 'memory', what: 'it is at 90 % of its limit of memory' }] },
      'degraded by watchdog: it is at 90 % of its limit of memory',
    ],
  ];
  for (const [what, record, facts, told] of states) {
    it(`is told with its evidence where it ${what}`, () => {
      const { state, evidence } = judged(record, facts);
      assert.deepEqual(
        evidence.map((one) => `${state} by ${one.by}: ${one.what}`),
        [told],
      );
    });
  }

  it('has its weightiest evidence first, and that decides its state', () => {
    const { state, evidence } = judged(active, {
      quietFor: 5 * minute,
      silence: minute,
      host: 'gone',
      stoppingSince: ago(minute),
    });
    assert.deepEqual([state, ...evidence.map(({ by }) => by)], ['lost', 'pid', 'heartbeat', 'process', 'output']);
  });

  it('is as bad as the worst that was found, whatever else was', () => {
    const facts = fc.record(
      {
        silence: fc.nat(minute),
        quietFor: fc.nat(10 * minute),
        leftBehind: fc.nat(2),
        isUnreachable: fc.boolean(),
        host: fc.constantFrom('alive' as const, 'gone' as const, 'unknown' as const),
      },
      { requiredKeys: [] },
    );
    const statuses = fc.constantFrom(...sessionStatuses);
    fc.assert(
      fc.property(facts, statuses, (seen, status) => {
        const record = aRecord({ status });
        const { state } = judged(record, seen);
        return runCascade(record, { now, ...seen }).every((finding) => rank(finding.state) <= rank(state));
      }),
    );
  });

  it('says when the first of its limits ends it', () => {
    const limits = ['sessionTimeout', 'idleTimeout'] as const;
    const times = limits.map((endsBy, index) => ({ kind: endsBy, what: endsBy, endsAt: ago(index - minute), endsBy }));
    const { endsAt, endsBy, evidence } = judged(active, { warnings: times });
    assert.deepEqual([endsAt, endsBy, evidence[0]?.what], [ago(-minute), 'sessionTimeout', 'sessionTimeout']);
  });

  it('does not depend on a clock that was put a day forward or back', () => {
    const day = 24 * 60 * minute;
    const facts: HealthFacts = { now, staleAfter: 5, silence: 0, quietFor: second, lastOutputAt: ago(second) };
    const seen = [-day, day].map(
      (shift) => judgeHealth(active, { ...facts, now: new Date(now.getTime() + shift) }).state,
    );
    assert.deepEqual(seen, ['healthy', 'healthy']);
  });
});

describe('two looks at a session', () => {
  const pairs: [what: string, one: Partial<HealthFacts>, other: Partial<HealthFacts>, isSame: boolean][] = [
    ['at which it used other amounts', { use: usage(1) }, { use: usage(2) }, true],
    ['at which it was silent for longer', { silence: 12 * second }, { silence: 17 * second }, true],
    ['at which a limit is nearer', { warnings: [percent(90)] }, { warnings: [percent(95)] }, true],
    ['that tell its end to some milliseconds', { warnings: [ending(30_000)] }, { warnings: [ending(30_020)] }, true],
    ['between which it got more time', { warnings: [ending(30_000)] }, { warnings: [ending(35_000)] }, false],
    ['of which one has a warning', {}, { warnings: [ending(30_000)] }, false],
    ['at which another thing is wrong', { silence: 12 * second }, { isUnreachable: true }, false],
    ['at which it is late, and is silent', { silence: 7 * second }, { silence: 12 * second }, false],
  ];
  for (const [what, one, other, isSame] of pairs) {
    it(`${what} ${isSame ? 'tell the same' : 'differ'}`, () => {
      assert.equal(isSameHealth(judged(active, one), judged(active, other)), isSame);
    });
  }

  it('differ where its status or its name does', () => {
    const seen = [waiting, { ...active, name: 'other' }].map((record) => isSameHealth(judged(active), judged(record)));
    assert.deepEqual(seen, [false, false]);
  });

  function usage(memory: number) {
    return { memory, cpu: memory, cpuTime: memory, processes: memory };
  }

  function percent(part: number) {
    return { kind: 'memory' as const, what: `it is at ${part} % of its limit of memory` };
  }

  function ending(left: number) {
    return { kind: 'idleTimeout' as const, what: `it is ended in ${Math.ceil(left / second)} s`, endsAt: ago(-left) };
  }
});

describe('the figures of all sessions', () => {
  it('count them by state and status, without those that were destroyed', () => {
    const health = (state: SessionHealth['state'], memory?: number): SessionHealth => ({
      ...judged(active),
      state,
      ...(memory === undefined ? {} : { use: { memory, cpu: 0, cpuTime: 0, processes: 1 } }),
    });
    const records = [active, waiting, aRecord(), aRecord({ deletedAt: ago(0) })];
    const { sessionsByStatus, ...figures } = summarize(records, [
      health('healthy', 100),
      health('stale', 201),
      health('lost'),
      { ...health('healthy'), status: 'failed' },
    ]);
    assert.deepEqual(
      [figures, Object.entries(sessionsByStatus).filter(([, count]) => count > 0)],
      [
        { totalSessions: 3, healthySessions: 1, staleSessions: 1, averageMemoryUsage: 151 },
        [
          ['idle', 1],
          ['active', 1],
          ['waiting', 1],
        ],
      ],
    );
  });

  it('are all there where there are no sessions', () => {
    const { averageMemoryUsage, sessionsByStatus } = summarize([], []);
    assert.deepEqual([averageMemoryUsage, Object.keys(sessionsByStatus)], [0, [...sessionStatuses]]);
  });

  it('rank what is wrong from the harmless to the worst', () => {
    assert.deepEqual(healthStates.map(rank), [0, 1, 2, 3, 4]);
  });
});

function diagnosed(record: SessionRecord, facts: Partial<HealthFacts>): string[] {
  return runCascade(record, { now, ...facts }).map(
    ({ layer, state, evidence }) => `${layer} ${state}: ${evidence.what} (${evidence.action ?? '-'})`,
  );
}

function judged(record: SessionRecord, facts: Partial<HealthFacts> = {}): SessionHealth {
  return judgeHealth(record, { now, staleAfter: 5, ...facts });
}
