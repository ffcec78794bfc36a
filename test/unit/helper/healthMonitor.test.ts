import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { Deferred } from '../../../src/base/async.ts';
import type { HostClient } from '../../../src/client/hostClient.ts';
import { CircuitBreaker } from '../../../src/core/circuitBreaker.ts';
import { defaultSettings } from '../../../src/core/supervisionPolicy.ts';
import { HealthMonitor } from '../../../src/helper/healthMonitor.ts';
import { Registry } from '../../../src/helper/registry.ts';
import { silentLog } from '../../../src/node/log.ts';
import type { Liveness } from '../../../src/node/processIdentity.ts';
import type { ResourceUse } from '../../../src/protocol/health.ts';
import type { HostStatus } from '../../../src/protocol/hostMessages.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { aStatus } from '../hostStatus.ts';
import { aRecord } from '../records.ts';

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;
const megabyte = 1024 * 1024;
const { id } = aRecord();

/** Stands in for the connection to a host; `undefined` for one that does not answer. */
class StubLink {
  answer: Partial<HostStatus> | undefined = {};
  asked = 0;
  readonly silence = new Deferred<HostStatus>();

  static silent(): StubLink {
    const link = new StubLink();
    link.answer = undefined;
    return link;
  }

  async status(): Promise<HostStatus> {
    this.asked++;
    return this.answer ? aStatus(this.answer) : this.silence.promise;
  }
}

describe('a monitor of the sessions’ health', () => {
  let registry: Registry;
  let monitor: HealthMonitor;
  let link: StubLink | undefined;
  let isUnreachable: boolean;
  let use: ResourceUse | undefined;
  /** Limits that were reached. */
  let trips: string[];
  /** What was told, as the state of the session each time. */
  let told: string[];
  let monotonic: number;
  let wall: number;
  let whileLooking: () => Promise<unknown>;
  let lookAtFiles: () => Promise<void>;
  let lookForLeftovers: () => Promise<void>;
  let noteHealthy: () => Promise<void>;
  let breaker: CircuitBreaker;
  let hostState: () => Promise<Liveness>;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    isUnreachable = false;
    use = undefined;
    trips = [];
    told = [];
    monotonic = 0;
    wall = Date.parse('2026-03-07T12:00:00Z');
    hostState = async () => 'alive';
    whileLooking = lookAtFiles = lookForLeftovers = noteHealthy = async () => undefined;
    breaker = new CircuitBreaker();
  });

  afterEach(() => {
    monitor.dispose();
    mock.timers.reset();
  });

  const open = (fields: Partial<SessionRecord> = {}) => {
    const record = aRecord({ status: 'active', ptyPid: 7, startedAt: '2026-03-07T10:00:00.000Z', ...fields });
    registry = new Registry({ records: [record], save: async () => undefined });
    link = new StubLink();
    monitor = new HealthMonitor({
      registry,
      links: {
        get: () => link as unknown as HostClient | undefined,
        entries: () => (link ? [[id, link as unknown as HostClient]] : []),
        isUnreachable: () => isUnreachable,
        noteRoot: () => undefined,
      },
      files: { look: () => lookAtFiles(), of: () => ({}) },
      watchdog: { end: async (_, { kind }) => void trips.push(kind), noteHealthy: () => noteHealthy() },
      breaker,
      settings: () => defaultSettings,
      resources: { look: async () => void (await whileLooking()), use: () => use },
      leftovers: { look: () => lookForLeftovers(), told: () => ({ leftovers: [] }), countOf: () => 0 },
      hostState: () => hostState(),
      log: silentLog,
      monotonic: () => monotonic,
      now: () => new Date(wall),
    });
    monitor.onChange(({ sessions }) => told.push(sessions[0]?.state ?? 'none'));
  };

  /** After so long, by the clock that nobody sets and by that which anybody may. */
  const look = async (passed = 5 * second, shift = 0) => {
    monotonic += passed;
    wall += passed + shift;
    const done = monitor.look();
    // A host that is silent, and a disk, are waited for only so long.
    for (let turn = 0; turn < 20; turn++) {
      await new Promise(setImmediate);
      mock.timers.tick(second);
    }
    await done;
    return state();
  };
  const looks = async (count: number) => {
    const states: string[] = [];
    for (let number = 0; number < count; number++) states.push(await look());
    return states;
  };
  /** By both clocks, with whatever follows from each. */
  const passSeconds = async (count: number) => {
    for (let passed = 0; passed < count; passed++) {
      monotonic += second;
      wall += second;
      mock.timers.tick(second);
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    }
  };
  const health = () => monitor.report().sessions[0];
  const state = () => health()?.state ?? 'none';

  it('takes a host that does not answer for late, then for silent, and for healthy once it does', async () => {
    open();
    await look();
    (link as StubLink).answer = undefined;
    const states = await looks(3);
    (link as StubLink).silence.resolve(aStatus());
    assert.deepEqual([states, await look()], [['healthy', 'degraded', 'unresponsive'], 'healthy']);
  });

  it('goes by how long its host says that typing waits, not by when a clock that was set says that it began', async () => {
    open();
    const answers = [{ inputPendingFor: 1, inputPendingSince: '2026-03-07T11:00:00.000Z' }, { inputPendingFor: 2_000 }];
    const states: string[] = [];
    for (const answer of answers) {
      (link as StubLink).answer = answer;
      states.push(await look());
    }
    assert.deepEqual(states, ['healthy', 'unresponsive']);
  });

  it('does not take a session that was just started again for lost, since its host before was gone', async () => {
    open();
    link = undefined;
    hostState = async () => 'gone';
    const before = await look();
    await registry.apply(id, () => ({ ptyPid: 8 }));
    assert.deepEqual([before, state()], ['lost', 'healthy']);
  });

  it('asks a host that does not answer no second question', async () => {
    open();
    (link as StubLink).answer = undefined;
    await looks(4);
    assert.equal(link?.asked, 1);
  });

  it('has no verdict after it was itself stopped, and judges anew from then on', async () => {
    open();
    await look();
    (link as StubLink).answer = undefined;
    const after = await look(day);
    assert.deepEqual([after, await looks(3)], ['healthy', ['healthy', 'degraded', 'unresponsive']]);
  });

  for (const [where, shift] of [
    ['forward', day],
    ['back', -day],
  ] as const) {
    it(`judges nobody by a clock that is put a day ${where}`, async () => {
      open({ policy: { retry: 'never', sessionTimeout: 30, idleTimeout: 5 } });
      (link as StubLink).answer = { upFor: minute, idleFor: second, quietFor: second };
      const before = await look();
      assert.deepEqual([before, await look(5 * second, shift), trips], ['healthy', 'healthy', []]);
    });
  }

  it('gives a host that was just connected its full time, however long the last one was silent', async () => {
    open();
    await look();
    link = undefined;
    isUnreachable = true;
    const unreachable = (await looks(3)).at(-1);
    isUnreachable = false;
    link = StubLink.silent();
    assert.deepEqual(
      [unreachable, await looks(4)],
      ['unresponsive', ['healthy', 'healthy', 'degraded', 'unresponsive']],
    );
  });

  const states: [what: string, state: () => Promise<Liveness>, told: string][] = [
    ['gone', async () => 'gone', 'lost'],
    ['alive', async () => 'alive', 'healthy'],
    ['unknown', async () => 'unknown', 'healthy'],
    ['not to be read', () => Promise.reject(new Error('EIO')), 'healthy'],
    ['on a disk that does not answer', () => new Deferred<Liveness>().promise, 'healthy'],
  ];
  for (const [what, state, expected] of states) {
    it(`takes a session without a connection for ${expected} whose host is ${what}`, async () => {
      open();
      link = undefined;
      hostState = state;
      assert.equal(await look(), expected);
    });
  }

  it('does not end a new process for what the one before has done', async () => {
    open({ policy: { retry: 'never', sessionTimeout: 30, idleTimeout: 5 } });
    (link as StubLink).answer = { upFor: 30 * minute, idleFor: 5 * minute };
    await look();
    const first = trips.splice(0);
    await registry.apply(id, () => ({ status: 'recovering', ptyPid: undefined }));
    link = StubLink.silent();
    await registry.apply(id, () => ({ status: 'active', ptyPid: 8 }));
    await looks(2);
    assert.deepEqual([first, trips, health()?.endsAt], [['sessionTimeout'], [], undefined]);
  });

  it('does not believe that one has done nothing since its host was last heard', async () => {
    open({ policy: { retry: 'never', idleTimeout: 5 } });
    (link as StubLink).answer = { idleFor: 4.5 * minute };
    await look();
    (link as StubLink).answer = undefined;
    await looks(20);
    const silent = [...trips];
    (link as StubLink).silence.resolve(aStatus({ idleFor: second }));
    await looks(2);
    assert.deepEqual([silent, trips], [[], []]);
  });

  it('ends one that is over its memory limit at the third look, also where its host is silent', async () => {
    open({ policy: { retry: 'never', memoryLimit: 100 } });
    (link as StubLink).answer = undefined;
    use = { memory: 100 * megabyte, cpu: 0, cpuTime: 0, processes: 1 };
    await looks(2);
    const before = [...trips];
    await look();
    assert.deepEqual([before, trips], [[], ['memory']]);
  });

  it('lets one go on that has told of itself, also where it is a later helper’s to end it', async () => {
    open({ policy: { retry: 'never', idleTimeout: 5 } });
    (link as StubLink).answer = { upFor: 60 * minute, idleFor: 5 * minute - second };
    await look();
    const warned = health()?.endsAt;
    await registry.apply(id, (record) => monitor.activityOf(record));
    monitor.dispose();
    open(registry.require(id));
    (link as StubLink).answer = { upFor: 60 * minute + 5 * second, idleFor: 5 * minute + 4 * second };
    await look();
    assert.deepEqual([warned !== undefined, health()?.endsAt, trips], [true, undefined, []]);
  });

  const time = (at: string | undefined) => (Date.parse(at ?? '') - wall) / minute;

  it('lets one go on that the user wants to, also where it is a later helper’s to end it', async () => {
    open({ policy: { retry: 'never', idleTimeout: 5 } });
    (link as StubLink).answer = { upFor: 60 * minute, idleFor: 5 * minute - second };
    await look();
    const warned = health()?.endsBy;
    const { endsAt, endsBy } = await monitor.keepRunning(id, undefined);
    const until = time(endsAt);
    monitor.dispose();
    open(registry.require(id));
    (link as StubLink).answer = { upFor: 61 * minute, idleFor: 6 * minute };
    await look();
    assert.deepEqual(
      [warned, endsBy, until, health()?.endsAt, trips],
      ['idleTimeout', 'idleTimeout', 5, undefined, []],
    );
  });

  it('gives one the whole of each time that was near, and no more of another', async () => {
    open({ policy: { retry: 'never', idleTimeout: 5, sessionTimeout: 60 } });
    const ends: unknown[] = [];
    for (const upFor of [50 * minute, 59.5 * minute]) {
      (link as StubLink).answer = { upFor, idleFor: 4.5 * minute };
      await look();
      const { endsAt, endsBy } = await monitor.keepRunning(id, undefined);
      ends.push([endsBy, time(endsAt), registry.require(id).countsFrom?.sessionTimeout]);
    }
    assert.deepEqual(ends, [
      ['idleTimeout', 5, undefined],
      ['idleTimeout', 5, 59.5 * minute],
    ]);
  });

  it('asks a host first that it has not heard, to let its session go on', async () => {
    open({ policy: { retry: 'never', idleTimeout: 5 } });
    (link as StubLink).answer = { upFor: 60 * minute, idleFor: 5 * minute - second };
    await monitor.keepRunning(id, undefined);
    assert.deepEqual(registry.require(id).countsFrom, { idleTimeout: 60 * minute });
  });

  it('says so where a session cannot go on: its host is silent, it has ended, or is another by now', async () => {
    open({ policy: { retry: 'never', idleTimeout: 5 } });
    const { startedAt } = registry.require(id);
    link = StubLink.silent();
    const silent = assert.rejects(monitor.keepRunning(id, startedAt), { code: 'TIMEOUT' });
    await look();
    await silent;
    link = new StubLink();
    await assert.rejects(monitor.keepRunning(id, '2026-03-07T09:00:00.000Z'), { code: 'SESSION_NOT_RUNNING' });
    const ending = { reason: 'timeout' as const, what: 'its time is over', at: new Date(wall).toISOString() };
    await registry.apply(id, () => ({ ending }));
    await assert.rejects(monitor.keepRunning(id, startedAt), { code: 'SESSION_NOT_RUNNING' });
    assert.equal(registry.require(id).countsFrom, undefined);
  });

  it('tells what changes, and what only counts on every half minute', async () => {
    open({ policy: { retry: 'never', idleTimeout: 5 } });
    for (let idle = 4 * minute + 1_000; idle < 5 * minute; idle += 5_003) {
      (link as StubLink).answer = { idleFor: idle, lastOutputAt: new Date(wall).toISOString() };
      use = { memory: idle, cpu: idle, cpuTime: idle, processes: 1 };
      await look();
    }
    assert.deepEqual(told, ['degraded', 'degraded']);
  });

  it('tells soon what happens between two looks, all that comes together in one report', async () => {
    open();
    await look();
    await registry.apply(id, () => ({ name: 'renamed' }));
    await registry.apply(id, () => ({ status: 'recovering', ptyPid: undefined }));
    const before = [...told];
    mock.timers.tick(second);
    assert.deepEqual([before, told], [['healthy'], ['healthy', 'lost']]);
  });

  it('tells soon that sessions are no longer started by themselves', async () => {
    open();
    await look();
    monitor.noteStarts();
    mock.timers.tick(second);
    assert.deepEqual(told, ['healthy', 'healthy']);
  });

  it('tells at the end of a look what happens during it', async () => {
    open();
    await look();
    whileLooking = () => registry.apply(id, () => ({ status: 'recovering', ptyPid: undefined }));
    await look();
    assert.deepEqual(told, ['healthy', 'lost']);
  });

  const slow: [what: string, begin: (never: () => Promise<void>) => void][] = [
    ['a disk does not answer', (never) => (lookAtFiles = never)],
    ['leftovers are looked for', (never) => (lookForLeftovers = never)],
    ['records are brought up to date', (never) => (noteHealthy = never)],
  ];
  for (const [what, begin] of slow) {
    it(`goes on while ${what}`, async () => {
      open();
      begin(() => new Deferred<void>().promise);
      await looks(2);
      (link as StubLink).answer = undefined;
      assert.equal((await looks(3)).at(-1), 'unresponsive');
    });
  }

  it('begins neither to look for leftovers nor to bring records up to date again before it has done so', async () => {
    open();
    const begun: string[] = [];
    const never = (what: string) => () => {
      begun.push(what);
      return new Deferred<void>().promise;
    };
    lookForLeftovers = never('leftovers');
    noteHealthy = never('records');
    await looks(3);
    assert.deepEqual(begun, ['leftovers', 'records']);
  });

  it('knows which hosts answer, and which do not, also where each look takes longer than two beats are apart', async () => {
    const ends: string[] = [];
    for (const answer of [{}, undefined]) {
      open();
      await look();
      (link as StubLink).answer = answer;
      whileLooking = () => new Promise((resolve) => setTimeout(resolve, 11 * second));
      monitor.start();
      await passSeconds(60);
      monitor.dispose();
      ends.push([...new Set(told.splice(0))].join(' '));
    }
    assert.deepEqual(ends, ['healthy', 'healthy unresponsive']);
  });

  it('tells why starts are held only where a session waits for one', async () => {
    open();
    for (let failure = 0; failure < 3; failure++) breaker.failed('the disk is full', 0);
    const before = monitor.report().startsHeld;
    await registry.apply(id, () => ({ status: 'recovering', ptyPid: undefined }));
    assert.deepEqual([before, monitor.report().startsHeld], [undefined, 'the disk is full']);
  });

  it('forgets a session that is destroyed, and tells so', async () => {
    open();
    await look();
    await registry.remove(id, registry.require(id).revision);
    await look();
    assert.deepEqual([told, monitor.report().totalSessions], [['healthy', 'none'], 0]);
  });
});
