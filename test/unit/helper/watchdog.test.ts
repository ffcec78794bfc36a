import assert from 'node:assert/strict';
import { Deferred } from '../../../src/base/async.ts';
import { HoldfastError } from '../../../src/base/errors.ts';
import type { LimitTrip } from '../../../src/core/limits.ts';
import { defaultSettings } from '../../../src/core/supervisionPolicy.ts';
import { Registry } from '../../../src/helper/registry.ts';
import { SessionProgress } from '../../../src/helper/sessionProgress.ts';
import { Watchdog } from '../../../src/helper/watchdog.ts';
import { silentLog } from '../../../src/node/log.ts';
import type { HostStatus } from '../../../src/protocol/hostMessages.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { aStatus } from '../hostStatus.ts';
import { aRecord } from '../records.ts';

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;
const { id } = aRecord();
const trip: LimitTrip = { kind: 'idleTimeout', what: 'it did nothing for its 5 minutes' };

describe('a watchdog', () => {
  let registry: Registry;
  let progress: SessionProgress;
  let watchdog: Watchdog;
  /** What the record said of the ending whenever the host was told to end. */
  let ends: (string | undefined)[];
  let end: () => Promise<void>;
  let wall: number;
  let monotonic: number;
  let saves: number;
  /** What becomes of each change of the record. */
  let save: () => Promise<void>;

  beforeEach(() => {
    ends = [];
    end = async () => undefined;
    wall = Date.parse('2026-03-07T10:00:00Z');
    monotonic = 0;
    saves = 0;
    save = async () => undefined;
  });

  const open = (fields: Partial<SessionRecord> = {}) => {
    const now = () => new Date(wall);
    const record = aRecord({ status: 'active', ptyPid: 7, ...fields });
    const counted = () => save().then(() => void saves++);
    registry = new Registry({ records: [record], save: counted, now });
    progress = new SessionProgress({ registry, settings: () => defaultSettings, now });
    const supervisor = {
      end: async () => {
        ends.push(registry.require(id).ending?.what);
        await end();
        return registry.require(id);
      },
    };
    const settings = () => defaultSettings;
    const clocks = { now, monotonic: () => monotonic };
    watchdog = new Watchdog({ registry, supervisor, progress, settings, log: silentLog, ...clocks });
    return record;
  };
  const pass = (time: number, shift = 0) => {
    monotonic += time;
    wall += time + shift;
  };
  const isArchived = async () => {
    await watchdog.archive();
    return registry.require(id).archivedAt !== undefined;
  };
  const exited = (
    reason: 'exit' | 'stop',
    how: { code: number | null; signal: number | null } = { code: 0, signal: null },
  ) => progress.exited(id, { ...how, reason, endedAt: new Date(wall).toISOString() });

  it('has written down why before the host is told', async () => {
    const record = open();
    await watchdog.end(record, trip);
    assert.deepEqual([ends, registry.require(id).ending?.reason], [[trip.what], 'timeout']);
  });

  it('leaves one alone that the user has let go on meanwhile', async () => {
    const record = open();
    await registry.apply(id, () => ({ countsFrom: { idleTimeout: minute } }));
    await watchdog.end(record, trip);
    assert.deepEqual([ends, registry.require(id).ending], [[], undefined]);
  });

  const kinds = [
    ['sessionTimeout', 'timeout'],
    ['idleTimeout', 'timeout'],
    ['memory', 'failed'],
    ['cpu', 'failed'],
    ['transcript', 'failed'],
  ] as const;
  for (const [kind, status] of kinds) {
    it(`leaves a session as ${status} that has reached its limit: ${kind}`, async () => {
      const record = open();
      end = async () => void (await exited('stop'));
      await watchdog.end(record, { ...trip, kind });
      const { evidence, ending, status: seen } = registry.require(id);
      assert.deepEqual([seen, evidence?.what, evidence?.by, ending], [status, trip.what, 'watchdog', undefined]);
    });
  }

  const full = () => Promise.reject(new HoldfastError('DISK_FULL', 'The disk is full.'));

  it('ends one that has filled the disk, so that its record could not tell why, and tells it then', async () => {
    const record = open();
    save = full;
    await watchdog.end(record, { ...trip, kind: 'transcript' });
    save = async () => undefined;
    await exited('stop');
    const { status, evidence } = registry.require(id);
    assert.deepEqual([ends, status, evidence?.what], [[undefined], 'failed', trip.what]);
  });

  it('is not believed to end one that the user stops, though that could not be written down', async () => {
    const record = open();
    await watchdog.end(record, trip);
    save = full;
    await progress.noteEnding(record, undefined).catch(() => undefined);
    save = async () => undefined;
    await exited('stop');
    assert.equal(registry.require(id).status, 'cancelled');
  });

  it('tells nobody to end where another helper serves by now', async () => {
    const record = open();
    save = () =>
      Promise.reject(new HoldfastError('CONNECTION_LOST', 'Another Holdfast helper serves this repository.'));
    await watchdog.end(record, trip);
    assert.deepEqual(ends, []);
  });

  const ways = [
    ['exit', { code: null, signal: 9 }, 'timeout'],
    ['exit', { code: 137, signal: null }, 'timeout'],
    ['exit', { code: 0, signal: null }, 'completed'],
  ] as const;
  for (const [reason, how, status] of ways) {
    it(`has what it ends be ${status} whose host was not told in time, and that ended with ${JSON.stringify(how)}`, async () => {
      const record = open();
      await watchdog.end(record, trip);
      await exited(reason, how);
      assert.equal(registry.require(id).status, status);
    });
  }

  it('does not end one that has been started again, or has ended, since it was looked at', async () => {
    const record = open();
    await registry.apply(id, () => ({ ptyPid: 8 }));
    await watchdog.end(record, trip);
    await exited('exit');
    await watchdog.end(record, trip);
    assert.deepEqual([ends, registry.require(id).ending], [[], undefined]);
  });

  it('ends one that could not be ended when it is next seen to be over its limit', async () => {
    const record = open();
    end = () => Promise.reject(new Error('it does not end'));
    await watchdog.end(record, trip);
    await watchdog.end(record, trip);
    assert.equal(ends.length, 2);
  });

  const said = (fields: Partial<HostStatus>) => {
    const status = aStatus({ stoppingSince: null, ...fields });
    return () => watchdog.noteHealthy(registry.list().records, () => status);
  };

  it('is done with one that it could not end, and that is below its limit by now', async () => {
    const record = open();
    end = () => Promise.reject(new Error('it does not end'));
    await watchdog.end(record, trip);
    for (const hear of [said({}), said({})]) await hear();
    const { ending } = registry.require(id);
    await exited('exit', { code: 1, signal: null });
    const { status, evidence } = registry.require(id);
    assert.deepEqual([ending, status, evidence?.what], [undefined, 'failed', 'ended with code 1']);
  });

  it('is done with it also where its record could not say that it was to end', async () => {
    const record = open();
    save = full;
    end = () => Promise.reject(new Error('it does not end'));
    await watchdog.end(record, trip);
    save = async () => undefined;
    for (const hear of [said({}), said({})]) await hear();
    assert.equal(progress.endingOf(registry.require(id)), undefined);
  });

  const stoppingSince = '2026-03-07T10:00:00.000Z';
  const doubts: [what: string, hear: () => (() => Promise<void>)[]][] = [
    ['is being ended by its host', () => [said({ stoppingSince }), said({ stoppingSince })]],
    ['has a host that has been silent since', () => Array(3).fill(said({}))],
    [
      'has a host that is too old to tell',
      () => [said({ stoppingSince: undefined }), said({ stoppingSince: undefined })],
    ],
    ['may be another process', () => [said({ ptyPid: 6 }), said({ ptyPid: 6 })]],
  ];
  for (const [what, hear] of doubts) {
    it(`is not done with one that ${what}`, async () => {
      const record = open();
      end = () => Promise.reject(new Error('it does not end'));
      await watchdog.end(record, trip);
      for (const one of hear()) await one();
      assert.equal(registry.require(id).ending?.what, trip.what);
    });
  }

  it('is not done with one while it ends it', async () => {
    const record = open();
    const gate = new Deferred<void>();
    end = () => gate.promise;
    const first = watchdog.end(record, trip);
    for (const hear of [said({}), said({})]) await hear();
    const { ending } = registry.require(id);
    gate.resolve();
    await first;
    assert.equal(ending?.what, trip.what);
  });

  it('does not begin again while it is being ended', async () => {
    const record = open();
    const gate = new Deferred<void>();
    end = () => gate.promise;
    const first = watchdog.end(record, trip);
    await watchdog.end(record, trip);
    gate.resolve();
    await first;
    assert.equal(ends.length, 1);
  });

  it('takes one out of the list an hour after it has ended', async () => {
    open();
    await exited('exit');
    pass(60 * minute - 1);
    const before = await isArchived();
    pass(1);
    assert.deepEqual([before, await isArchived()], [false, true]);
  });

  for (const [where, shift] of [
    ['forward', day],
    ['back', -day],
  ] as const) {
    it(`does so neither sooner nor later for a clock that is put a day ${where}`, async () => {
      open();
      await exited('exit');
      pass(minute, shift);
      const before = await isArchived();
      pass(59 * minute);
      assert.deepEqual([before, await isArchived()], [false, true]);
    });
  }

  it('goes by the record where the end came before this helper', async () => {
    open({ status: 'failed', endedAt: new Date(wall - 61 * minute).toISOString() });
    assert.ok(await isArchived());
  });

  it('leaves one in the list that runs again', async () => {
    open();
    await exited('exit');
    pass(30 * minute);
    await progress.started(id, 8);
    pass(60 * minute);
    const running = await isArchived();
    await exited('exit');
    pass(59 * minute);
    assert.deepEqual([running, await isArchived()], [false, false]);
  });

  it('notes activity in the record twice a minute at most', async () => {
    open({ lastActivity: new Date(wall).toISOString() });
    for (let looks = 0; looks < 12; looks++) {
      pass(5 * second);
      const lastOutputAt = new Date(wall).toISOString();
      await watchdog.noteHealthy(registry.list().records, () => aStatus({ lastOutputAt }));
    }
    assert.deepEqual([saves, registry.require(id).lastActivity], [2, new Date(wall).toISOString()]);
  });

  it('forgets the attempts of one that has run for ten minutes, by its host’s own clock', async () => {
    open({ attempts: 2, recovery: { starts: [], quickExits: 1 } });
    const attempts: number[] = [];
    for (const upFor of [10 * minute - 1, 10 * minute]) {
      pass(second, day);
      await watchdog.noteHealthy(registry.list().records, () => aStatus({ upFor }));
      attempts.push(registry.require(id).attempts);
    }
    assert.deepEqual([attempts, registry.require(id).recovery], [[2, 0], undefined]);
  });

  it('believes nothing that is told of an earlier process', async () => {
    open({ attempts: 2 });
    await watchdog.noteHealthy(registry.list().records, () => aStatus({ ptyPid: 6, upFor: day }));
    assert.equal(registry.require(id).attempts, 2);
  });
});
