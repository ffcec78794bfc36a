import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { FormerProcess } from '../../../src/helper/formerProcess.ts';
import { silentLog } from '../../../src/node/log.ts';
import { identify } from '../../../src/node/processIdentity.ts';
import type { HostFile } from '../../../src/protocol/hostMessages.ts';
import { hostProtocol } from '../../../src/protocol/versions.ts';
import { endGroup, isAlive } from '../../support/processes.ts';
import { describeOnUnix } from '../../support/unix.ts';

const id = '3f1c9d2e-8a4b-4c6d-9e0f-1a2b3c4d5e6f';

describeOnUnix('what is left of a session whose host was killed', () => {
  let left: ChildProcess;
  let pid: number;
  let host: HostFile;

  const start = async (script: string) => {
    left = spawn('/bin/sh', ['-c', `${script} echo up; while :; do sleep 0.05; done`], { detached: true });
    await once(left.stdout as NodeJS.ReadableStream, 'data');
    pid = left.pid as number;
    host = await hostFile(pid);
  };
  const end = (found: HostFile | undefined) =>
    new FormerProcess({ files: { readHost: async () => found }, log: silentLog, ownTime: 100, graceTime: 500 }).end(id);
  const endedBy = async () => {
    if (left.exitCode === null && left.signalCode === null) await once(left, 'exit');
    return left.signalCode;
  };

  afterEach(() => endGroup(left));

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

  it('gets no signal where it cannot be told from another process, and nothing is started', async () => {
    await start('');
    await assert.rejects(end({ ...host, ptyStartTime: 'unknown' }), { code: 'SESSION_RUNNING' });
    assert.ok(isAlive(pid));
  });

  const strangers: [what: string, change: (known: HostFile) => HostFile | undefined | Promise<HostFile>][] = [
    ['has its pid by now', (known) => ({ ...known, ptyStartTime: '1' })],
    ['ran before the machine was started anew', (known) => ({ ...known, bootId: 'an earlier boot' })],
    ['was never told apart from others', ({ ptyStartTime: _, ...known }) => known],
    ['has a host that lives', async (known) => ({ ...known, ...(await identify(process.pid)) })],
    ['has a host of which nothing is known', (known) => ({ ...known, startTime: 'unknown', pid: process.pid })],
    [
      'has ended with its host',
      (known) => ({ ...known, exit: { code: 0, signal: null, reason: 'exit', endedAt: known.startedAt } }),
    ],
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

/** Of a host that is gone; its process is this one. */
async function hostFile(ptyPid: number): Promise<HostFile> {
  const { startTime: ptyStartTime, bootId } = await identify(ptyPid);
  const gone = spawn('/bin/true');
  await once(gone, 'exit');
  const startedAt = new Date().toISOString();
  const identity = { pid: gone.pid as number, startTime: '1', bootId, ptyPid, ptyStartTime };
  return { ...identity, sessionId: id, protocol: hostProtocol.max, socket: '/nobody.sock', startedAt, exit: null };
}
