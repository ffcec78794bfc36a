import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { hostname } from 'node:os';
import type { Starter } from '../../../src/core/recovery.ts';
import { FormerProcess, type FormerProcessOptions } from '../../../src/helper/formerProcess.ts';
import type { LastSeen } from '../../../src/helper/resourceSampler.ts';
import { ticksPerSecond } from '../../../src/node/linuxStat.ts';
import type { LockOwner } from '../../../src/node/lockOwner.ts';
import { silentLog } from '../../../src/node/log.ts';
import { type ProcessRef, waitForEnds } from '../../../src/node/processEnd.ts';
import { identify } from '../../../src/node/processIdentity.ts';
import { findSessionProcesses } from '../../../src/node/sessionProcesses.ts';
import type { HostFile } from '../../../src/protocol/hostMessages.ts';
import { hostProtocol } from '../../../src/protocol/versions.ts';
import { endGroup, isAlive, signal } from '../../support/processes.ts';
import { describeOnUnix } from '../../support/unix.ts';

const isLinux = process.platform === 'linux';
const nobody = 2 ** 22 + 1;
const exit: HostFile['exit'] = { code: null, signal: 9, reason: 'exit', endedAt: new Date().toISOString() };

describeOnUnix('what is left of a session whose host was killed', () => {
  let id: string;
  let left: ChildProcess;
  let pid: number;
  let host: HostFile;
  let owner: LockOwner | undefined;
  let lastSeen: LastSeen | undefined;
  let platform: NodeJS.Platform;

  beforeEach(() => {
    id = randomUUID();
    owner = undefined;
    lastSeen = undefined;
    platform = process.platform;
  });

  const start = async (script: string, mark?: string): Promise<string> => {
    const options = { detached: true, env: { PATH: process.env.PATH, ...(mark ? { HOLDFAST_SESSION_ID: mark } : {}) } };
    left = spawn('/bin/sh', ['-c', `${script} echo up; while :; do sleep 0.05; done`], options);
    const [told] = (await once(left.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    pid = left.pid as number;
    host = await hostFile(pid);
    return told.toString();
  };
  /** A job that ignores the hangup, of a shell that was killed. */
  const startOrphan = async (): Promise<ProcessRef> => {
    const told = await start(`sh -c "trap '' HUP; exec sleep 600" < /dev/null > /dev/null 2>&1 & echo $!;`, id);
    signal(pid, 'SIGKILL');
    await once(left, 'exit');
    return refOf(Number.parseInt(told, 10));
  };
  const end = (
    found: HostFile | undefined,
    by: Starter = 'user',
    findMarked: FormerProcessOptions['findMarked'] = findSessionProcesses,
  ) => {
    const files = { readHost: async () => found, readHostLock: async () => owner };
    const sampler = { lastSeen: () => lastSeen };
    const times = { ownTime: 100, graceTime: 500 };
    return new FormerProcess({ files, sampler, log: silentLog, ...times, platform, findMarked }).end(id, by);
  };
  const endedBy = async () => {
    if (left.exitCode === null && left.signalCode === null) await once(left, 'exit');
    return left.signalCode;
  };

  afterEach(async () => {
    await endGroup(left);
    for (const one of (await findSessionProcesses(id)) ?? []) signal(one.pid, 'SIGKILL');
  });

  it('is hung up, and gone before anything is started', async () => {
    await start('');
    await end(host);
    assert.deepEqual([isAlive(pid), await endedBy()], [false, 'SIGHUP']);
  });

  it('is killed where it does not take that for an answer', async () => {
    await start("trap '' HUP;");
    await end(host);
    assert.equal(await endedBy(), 'SIGKILL');
  });

  it('is also what it started just before it was killed', async function () {
    if (!isLinux) this.skip();
    const told = await start(`trap '' HUP; sleep 600 < /dev/null > /dev/null 2>&1 & echo $!;`, id);
    const [shell, job] = [await refOf(pid), await refOf(Number.parseInt(told, 10))];
    const afterwards = async () => ((await lives(shell)) ? [] : findSessionProcesses(id));
    await end(host, 'user', afterwards);
    assert.equal(await lives(job), false);
  });

  it('gets no signal where it cannot be told from another process, and nothing is started', async () => {
    await start('');
    await assert.rejects(end({ ...host, ptyStartTime: 'unknown' }), { code: 'SESSION_RUNNING' });
    assert.ok(isAlive(pid));
  });

  it('keeps anything from being started where nothing tells whether its host lives', async () => {
    await start('');
    await assert.rejects(end({ ...host, startTime: 'unknown', pid: process.pid }), { code: 'SESSION_RUNNING' });
    assert.ok(isAlive(pid));
  });

  it('is killed at once on Windows, which has no hangup', async () => {
    await start('');
    platform = 'win32';
    await end(host);
    assert.equal(await endedBy(), 'SIGKILL');
  });

  it('is a job as well that has outlived a shell, before a start that nobody has asked for', async function () {
    if (!isLinux) this.skip();
    const job = await startOrphan();
    await end({ ...host, exit }, 'user');
    const afterUser = await lives(job);
    await end({ ...host, exit }, 'retry');
    assert.deepEqual([afterUser, await lives(job)], [true, false]);
  });

  it('is told by its mark where it was never told apart from others', async function () {
    if (!isLinux) this.skip();
    await start('', id);
    const { ptyStartTime: _, ...known } = host;
    await end(known);
    assert.equal(await endedBy(), 'SIGHUP');
  });

  it('is not what has its number by now, though that has its mark', async function () {
    if (!isLinux) this.skip();
    await start('', id);
    await end({ ...host, exit, ptyStartTime: '1' }, 'retry');
    assert.ok(isAlive(pid));
  });

  it('is no daemon that was seen to have left it', async function () {
    if (!isLinux) this.skip();
    const job = await startOrphan();
    lastSeen = { root: { pid, startTime: host.ptyStartTime as string }, attached: [], detached: [job] };
    await end({ ...host, exit }, 'retry');
    assert.ok(await lives(job));
  });

  it('is what was seen to descend from its process in that very life', async () => {
    await start("trap '' HUP;");
    lastSeen = { root: { pid: nobody, startTime: '1' }, attached: [await refOf(pid)], detached: [] };
    await end({ ...host, exit, ptyPid: nobody, ptyStartTime: '2' }, 'retry');
    const afterAnother = isAlive(pid);
    await end({ ...host, exit, ptyPid: nobody, ptyStartTime: '1' }, 'retry');
    assert.deepEqual([afterAnother, isAlive(pid)], [true, false]);
  });

  const lockOwners: [what: string, isEnded: boolean, owner: (startTime: number) => Partial<LockOwner>][] = [
    ['was killed before it had written its file', true, () => ({})],
    ['had begun long before', false, (startTime) => ({ startTime: `${startTime - 60 * ticksPerSecond}` })],
    ['began later', false, (startTime) => ({ startTime: `${startTime + 1}` })],
    ['has written its file', false, () => ({ startTime: host.startTime })],
  ];
  for (const [what, isEnded, change] of lockOwners) {
    it(`is ${isEnded ? '' : 'not '}what has its mark since the beginning of a host that ${what}`, async function () {
      if (!isLinux) this.skip();
      await start('', id);
      const process = await identify(pid);
      const lock = { host: hostname(), nonce: randomUUID() };
      owner = { ...process, pid: host.pid, ...lock, ...change(Number(process.startTime)) };
      await end({ ...host, exit, ptyPid: nobody });
      assert.equal(isAlive(pid), !isEnded);
    });
  }

  const strangers: [what: string, change: (known: HostFile) => HostFile | undefined | Promise<HostFile>][] = [
    ['has its pid by now', (known) => ({ ...known, ptyStartTime: '1' })],
    ['ran before the machine was started anew', (known) => ({ ...known, bootId: 'an earlier boot' })],
    ['was never told apart from others', ({ ptyStartTime: _, ...known }) => known],
    ['has a host that lives', async (known) => ({ ...known, ...(await identify(process.pid)) })],
    ['has ended before its host did', (known) => ({ ...known, ptyStartTime: '1', exit })],
    ['has left no file', () => undefined],
  ];
  for (const [what, change] of strangers) {
    it(`is not taken for a process that ${what}, and keeps nobody waiting`, async () => {
      await start('');
      await end(await change(host));
      assert.ok(isAlive(pid));
    });
  }
});

async function lives(one: ProcessRef): Promise<boolean> {
  return (await waitForEnds([one], 0)).length > 0;
}

async function refOf(pid: number): Promise<ProcessRef> {
  const { startTime } = await identify(pid);
  return { pid, startTime };
}

/** Of a host that is gone; its process is this one. */
async function hostFile(ptyPid: number): Promise<HostFile> {
  const { startTime: ptyStartTime, bootId } = await identify(ptyPid);
  const gone = spawn('/bin/true');
  await once(gone, 'exit');
  const startedAt = new Date().toISOString();
  const identity = { pid: gone.pid as number, startTime: '1', bootId, ptyPid, ptyStartTime };
  return {
    ...identity,
    sessionId: 'session',
    protocol: hostProtocol.max,
    socket: '/nobody.sock',
    startedAt,
    exit: null,
  };
}
