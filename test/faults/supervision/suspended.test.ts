import assert from 'node:assert/strict';
import { isRunningProcess, processEnd } from '../../integration/support/scene.ts';
import { signal } from '../../support/processes.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { useEnvironment } from '../support/environment.ts';
import { rounds } from '../support/extent.ts';
import { itLosesNothing } from '../support/stage.ts';

/** The lines that a session at the usual pace prints in a second, roughly. */
const linesPerSecond = 1_500;

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
});
