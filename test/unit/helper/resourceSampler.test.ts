import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ProcessScan } from '../../../src/core/processFacts.ts';
import {
  ResourceSampler,
  type ResourceSamplerOptions,
  type SampledSession,
} from '../../../src/helper/resourceSampler.ts';
import { silentLog } from '../../../src/node/log.ts';
import { identify } from '../../../src/node/processIdentity.ts';
import { endGroup } from '../../support/processes.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { waitFor } from '../../support/waitFor.ts';
import { scanOf } from '../core/processes.ts';

const a = { id: 'a', pid: 10, startTime: '10' };
const b = { id: 'b', pid: 20, startTime: '20' };
const system = [{ pid: 1, parent: 0 }, { pid: process.pid }];

describe('sampling what sessions use', () => {
  let samplers: ResourceSampler[] = [];
  afterEach(() => {
    for (const one of samplers) one.dispose();
    samplers = [];
  });

  it('takes one look for all sessions', async () => {
    const { sampler, scans } = sample({ scan: scanOf(...system, { pid: 10, rss: 5 }, { pid: 20, rss: 7 }) });
    await sampler.sample();
    const told = ['a', 'b'].map((id) => `${id} ${sampler.use(id)?.rss} ${sampler.use(id)?.processes}`);
    assert.deepEqual([scans(), told], [1, ['a 5 1', 'b 7 1']]);
  });

  it('costs nothing without sessions', async () => {
    const { sampler, scans } = sample({ sessions: [] });
    await sampler.sample();
    assert.equal(scans(), 0);
  });

  it('says that nothing is known while looks fail, once in the log, and goes on where it was', async () => {
    const log: string[] = [];
    const note = (message: string) => log.push(message);
    const { sampler, state } = sample({ log: { ...silentLog, warn: note, info: note } });
    await sampler.sample();
    state.scan = new Error('no descriptors');
    await sampler.sample();
    await sampler.sample();
    const known = [sampler.use('a'), sampler.members('a').length];
    state.scan = scanOf(...system, { pid: 10, rss: 6 });
    await sampler.sample();
    assert.deepEqual(
      [known, sampler.use('a')?.rss, sampler.history('a')?.size, log],
      [
        [undefined, 1],
        6,
        2,
        [
          'The system did not list its processes; what sessions use is not known',
          'The system lists its processes again',
        ],
      ],
    );
  });

  it('knows that a session has no process left, which is not the same as not knowing', async () => {
    const { sampler, state } = sample({});
    await sampler.sample();
    state.scan = scanOf(...system);
    await sampler.sample();
    assert.deepEqual([sampler.use('a')?.processes, sampler.members('a')], [0, []]);
  });

  it('tells a session’s processes, and which of them have left it', async () => {
    const { sampler, state } = sample({ scan: scanOf(...system, { pid: 10 }, { pid: 11, parent: 10 }) });
    await sampler.sample();
    state.scan = scanOf(...system, { pid: 10 }, { pid: 11 }, { pid: 12, parent: 11 });
    await sampler.sample();
    const pids = (list: readonly { pid: number }[]) => list.map(({ pid }) => pid).sort();
    assert.deepEqual(
      [pids(sampler.members('a')), pids(sampler.detached('a'))],
      [
        [10, 11, 12],
        [11, 12],
      ],
    );
  });

  it('forgets a session that is gone', async () => {
    const { sampler, state } = sample({});
    await sampler.sample();
    state.sessions = [b];
    await sampler.sample();
    assert.deepEqual([sampler.use('a'), sampler.history('a'), sampler.members('a')], [undefined, undefined, []]);
  });

  it('knows what came of a session that has ended while anything of that lives, and no longer', async () => {
    const tree = [{ pid: 10 }, { pid: 11, parent: 10 }];
    const { sampler, state } = sample({ scan: scanOf(...system, ...tree, { pid: 12, parent: 10 }) });
    await sampler.sample();
    state.scan = scanOf(...system, ...tree, { pid: 12 });
    await sampler.sample();
    const told: unknown[] = [];
    const tell = () => {
      const { root, attached, detached } = sampler.lastSeen('a') ?? {};
      told.push([root, attached, detached].flat().map((one) => one?.pid));
    };
    state.scan = scanOf(...system, { pid: 11 }, { pid: 12 });
    await sampler.sample();
    tell();
    state.sessions = [b];
    for (const startTime of ['12', 'later']) {
      state.scan = scanOf(...system, { pid: 12, startTime });
      await sampler.sample();
      tell();
    }
    assert.deepEqual(told, [
      [10, 10, 11, 12],
      [10, 10, 11, 12],
      [undefined, undefined, undefined],
    ]);
  });

  it('begins anew with a session that was started again', async () => {
    const { sampler, state } = sample({ scan: scanOf(...system, { pid: 10, cpu: 500 }) });
    await sampler.sample();
    state.sessions = [{ ...a, startTime: '11' }];
    state.scan = scanOf(...system, { pid: 10, startTime: '11', cpu: 3 });
    await sampler.sample();
    assert.deepEqual([sampler.use('a')?.cpuTime, sampler.history('a')?.size], [3, 1]);
  });

  it('tells the CPU use from the second look on', async () => {
    const { sampler, state } = sample({ scan: scanOf(...system, { pid: 10, cpu: 100 }) });
    await sampler.sample();
    const first = sampler.use('a')?.cpu;
    state.scan = scanOf(...system, { pid: 10, cpu: 1_100 });
    state.now += 5_000;
    await sampler.sample();
    assert.deepEqual([first, sampler.use('a')?.cpu], [undefined, 20]);
  });

  it('leaves out Holdfast’s own programs, also one that was not yet itself when it was first seen', async () => {
    const own = new Set([11]);
    const scan = scanOf(
      ...system,
      { pid: 10 },
      { pid: 11, parent: 10 },
      { pid: 12, parent: 10 },
      { pid: 13, parent: 10 },
    );
    const { sampler } = sample({ scan, isOwn: ({ pid }) => own.has(pid) });
    await sampler.sample();
    const first = sampler
      .members('a')
      .map(({ pid }) => pid)
      .sort();
    own.add(12);
    await sampler.sample();
    await sampler.sample();
    assert.deepEqual(
      [
        first,
        sampler
          .members('a')
          .map(({ pid }) => pid)
          .sort(),
      ],
      [
        [10, 12, 13],
        [10, 13],
      ],
    );
  });

  it('asks once more, and then no longer, whether a process is one of Holdfast’s own', async () => {
    const asked: number[] = [];
    const scan = scanOf(...system, { pid: 10 }, { pid: 11, parent: 10 });
    const { sampler } = sample({ scan, isOwn: ({ pid }) => asked.push(pid) < 0 });
    for (let look = 0; look < 5; look++) await sampler.sample();
    assert.deepEqual(asked, [11, 11]);
  });

  it('never takes a look while another is taken, and goes on after one that failed', async () => {
    let [running, most, count] = [0, 0, 0];
    const scan = async () => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
      if (++count === 1) throw new Error('busy');
      return scanOf(...system, { pid: 10 });
    };
    const sampler = keep(new ResourceSampler({ sessions: () => [a], log: silentLog, scan }));
    await Promise.all([sampler.sample(), sampler.sample(), sampler.sample()]);
    assert.deepEqual([most, count, sampler.use('a')?.processes], [1, 2, 1]);
  });

  it('knows nothing more once it is disposed, not even of a look that had begun', async () => {
    const { sampler, scans } = sample({});
    const look = sampler.sample();
    sampler.dispose();
    await look;
    await sampler.sample();
    assert.deepEqual([scans(), sampler.history('a')], [1, undefined]);
  });

  function keep(sampler: ResourceSampler): ResourceSampler {
    samplers.push(sampler);
    return sampler;
  }

  interface Given extends Partial<Omit<ResourceSamplerOptions, 'sessions' | 'scan'>> {
    sessions?: SampledSession[];
    scan?: ProcessScan;
  }

  /** A sampler of two sessions, the clock and the system of which a test can change. */
  function sample({ sessions = [a, b], scan = scanOf(...system, { pid: 10 }, { pid: 20 }), ...options }: Given) {
    const state: { sessions: SampledSession[]; scan: ProcessScan | Error; now: number } = { sessions, scan, now: 0 };
    let count = 0;
    const sampler = new ResourceSampler({
      sessions: () => state.sessions,
      log: silentLog,
      now: () => state.now,
      isOwn: () => false,
      async scan() {
        count++;
        if (state.scan instanceof Error) throw state.scan;
        return state.scan;
      },
      ...options,
    });
    return { sampler: keep(sampler), scans: () => count, state };
  }
});

describeOnUnix('sampling real processes', function () {
  this.timeout(20_000);
  const children: ChildProcess[] = [];
  afterEach(() => Promise.all(children.splice(0).map((child) => endGroup(child))));

  it('finds a session’s shell and its children, one that was given another parent among them', async () => {
    const script = '(sleep 600 & read go; exit) <&3 & sleep 600 & wait %1; read end';
    const child = spawn('sh', ['-c', `exec 3<&0; ${script}`], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    children.push(child);
    const { pid, startTime } = await identify(child.pid as number);
    const sampler = new ResourceSampler({ sessions: () => [{ id: 'a', pid, startTime }], log: silentLog });
    const look = async () => {
      await sampler.sample();
      return [sampler.use('a')?.processes, sampler.detached('a').length];
    };
    await waitFor(look, ([processes]) => processes === 4);
    child.stdin?.write('go\n');
    const after = await waitFor(look, ([processes]) => processes === 3);
    const hasMemory = (sampler.use('a')?.rss ?? 0) > 100_000;
    sampler.dispose();
    assert.deepEqual([after, hasMemory], [[3, 1], true]);
  });

  it('finds at its first look what has lost its parents already, such as after a restart of the helper', async function () {
    if (process.platform !== 'linux') this.skip();
    const script = '(sleep 600 & exit) & wait; echo; read end';
    const child = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
    children.push(child);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    const { pid, startTime } = await identify(child.pid as number);
    const sampler = new ResourceSampler({ sessions: () => [{ id: 'a', pid, startTime }], log: silentLog });
    await sampler.sample();
    const seen = [sampler.use('a')?.processes, sampler.detached('a').length];
    sampler.dispose();
    assert.deepEqual(seen, [2, 1]);
  });
});
