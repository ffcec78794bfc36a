import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { exists } from '../../../src/node/exists.ts';
import { isRunningProcess, processEnd } from '../../integration/support/scene.ts';
import { projectNode } from '../../support/paths.ts';
import { signal } from '../../support/processes.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { waitFor } from '../../support/waitFor.ts';
import { useEnvironment } from '../support/environment.ts';
import { rounds } from '../support/extent.ts';
import { itLosesNothing } from '../support/stage.ts';

/** The lines that a session at the usual pace prints in a second, roughly. */
const linesPerSecond = 1_500;

/** Far above what shells have, far below what the hog has; megabytes. */
const memoryLimit = 400;

const hog = path.join(import.meta.dirname, '..', 'programs', 'memoryHog.ts');

describeOnUnix('a process that is suspended', () => {
  useEnvironment({ HOLDFAST_LOOK_MS: '200' });
  const seconds = rounds(1, 60);

  itLosesNothing('for less than a client waits for an answer goes on as before: the helper', async (stage) => {
    const session = await stage.numbers();
    const pid = await stage.scene.helperPid();
    signal(pid, 'SIGSTOP');
    const change = stage.ledger.change(stage.client, session);
    await session.printsOn(linesPerSecond);
    signal(pid, 'SIGCONT');
    await change;
    assert.equal(await stage.scene.helperPid(), pid);
  });

  itLosesNothing(`for ${seconds} s is superseded, and ends by itself when it goes on: the helper`, async (stage) => {
    const session = await stage.numbers();
    const pid = await stage.scene.helperPid();
    const clients = [stage.impatientClient(), stage.impatientClient()];
    signal(pid, 'SIGSTOP');
    for (const client of clients) await stage.ledger.change(client, session);
    await session.printsOn(seconds * linesPerSecond);
    const whileStopped = [await isRunningProcess(pid), (await stage.scene.helperPid()) === pid];
    signal(pid, 'SIGCONT');
    await processEnd(pid);
    const successor = await stage.scene.helperPid();
    await stage.ledger.change(stage.client, session);
    assert.deepEqual([whileStopped, await stage.scene.helperPid()], [[true, false], successor]);
  });

  itLosesNothing(
    `for ${seconds} s and more is told of and never taken for dead, whichever helper looks: a session host`,
    async (stage) => {
      const [suspended, other] = [await stage.numbers(), await stage.numbers()];
      const pid = await stage.hostPid(suspended);
      signal(pid, 'SIGSTOP');
      const first = await stage.health(suspended, ({ state }) => state === 'unresponsive');
      await stage.killHelper();
      const second = await stage.health(suspended, ({ state }) => state === 'unresponsive');
      await other.printsOn(seconds * linesPerSecond);
      const others = await stage.health(other, () => true);
      signal(pid, 'SIGCONT');
      const { status, state } = await stage.health(suspended, (health) => health.state === 'healthy');
      await suspended.printsOn(1);
      assert.deepEqual(
        [first, second].map(({ evidence }) => evidence[0]?.what.replace(/\d+/, '…')),
        ['its session host has not answered for … s', 'its session host lives but cannot be reached'],
      );
      assert.deepEqual([status, state, others.state], ['active', 'healthy', 'healthy']);
    },
  );

  itLosesNothing('keeps nothing alive that is over its limit, and that was no crash: a session host', async (stage) => {
    await stage.numbers();
    const folder = await stage.newFolder('traces');
    const trace = (name: string) => path.join(folder, name);
    const hungUp = () => exists(trace('hungUp'));
    const script = [
      `trap 'echo > ${trace('hungUp')}' HUP`,
      `until [ -e ${trace('go')} ]; do sleep 0.1; done`,
      `${projectNode} ${hog} > ${trace('hog')} &`,
      'while :; do sleep 0.1; done',
    ];
    const policy = { retry: 'onCrash', memoryLimit } as const;
    const session = await stage.start(['sh', '-c', script.join('\n')], { policy });
    const pid = await stage.hostPid(session);
    signal(pid, 'SIGSTOP');
    await writeFile(trace('go'), '');
    await waitFor(hungUp, Boolean, { what: 'the hangup', timeout: 30_000 });
    const hogPid = Number((await readFile(trace('hog'), 'utf8')).slice('hog '.length));
    for (const ended of [session.record.ptyPid as number, hogPid]) await processEnd(ended);
    signal(pid, 'SIGCONT');
    const { status, exit, evidence } = await stage.record(session, (record) => record.exit !== undefined);
    assert.deepEqual(
      [status, exit?.reason, evidence?.what],
      ['failed', 'limit', `its processes used more than ${memoryLimit} MB of memory`],
    );
  });
});
