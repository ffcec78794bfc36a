import assert from 'node:assert/strict';
import { isRunning } from '../../../src/core/sessionRecord.ts';
import { isRunningProcess, processEnd } from '../../integration/support/scene.ts';
import { TestTerminal } from '../../integration/support/terminal.ts';
import { signal } from '../../support/processes.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { waitFor } from '../../support/waitFor.ts';
import { useEnvironment } from '../support/environment.ts';
import { itLosesNothing, itLosesNothingOnLinux, type Stage } from '../support/stage.ts';

const grace = 300;

describeOnUnix('a program that does not end as others do', () => {
  useEnvironment({ HOLDFAST_LOOK_MS: '200' });

  itLosesNothing('is killed once its grace is over: one that ignores SIGHUP and SIGTERM', async (stage) => {
    await stage.numbers();
    const session = await stage.start(['bash', '-c', "trap '' HUP TERM; echo ready; while :; do sleep 0.1; done"]);
    await (await TestTerminal.open(stage.scene, session)).sees('ready');
    const { status, exit } = await stage.client.stop(session.id, grace);
    assert.deepEqual({ status, exit }, { status: 'cancelled', exit: { code: null, signal: 9, reason: 'stop' } });
  });

  itLosesNothing('leaves a background child that holds the terminal open, which is not killed', async (stage) => {
    await stage.numbers();
    const session = await stage.start(['sh', '-c', "read go; trap '' HUP; sleep 600 & echo child $!; exit 3"]);
    const terminal = await TestTerminal.open(stage.scene, session);
    terminal.type('\n');
    const child = Number((await terminal.sees(/child (\d+)\r/))[1]);
    const record = await ended(stage, session.id);
    const isLeft = await isRunningProcess(child);
    signal(child, 'SIGKILL');
    await processEnd(child);
    assert.deepEqual([record?.status, record?.exit?.code, isLeft], ['failed', 3, true]);
  });

  itLosesNothingOnLinux('leaves a daemon that has left its session, which is told of and not killed', async (stage) => {
    await stage.numbers();
    const daemon = `setsid sh -c '(setsid sleep 601 > /dev/null 2>&1 & echo daemon $!)'`;
    const session = await stage.start(['sh', '-c', `read go; ${daemon}; exit 0`]);
    const terminal = await TestTerminal.open(stage.scene, session);
    terminal.type('\n');
    const pid = Number((await terminal.sees(/daemon (\d+)\r/))[1]);
    const record = await ended(stage, session.id);
    const { evidence } = await stage.health(session, ({ state }) => state === 'degraded');
    const { leftovers } = await stage.client.health();
    const isLeft = await isRunningProcess(pid);
    await stage.client.endLeftover({ sessionId: session.id, pid });
    assert.deepEqual(
      { status: record?.status, told: evidence[0]?.what, leftovers, isLeft, isEnded: !(await isRunningProcess(pid)) },
      {
        status: 'completed',
        told: '1 of its processes runs on without its terminal',
        leftovers: [{ kind: 'daemon', sessionId: session.id, pid, what: 'sleep 601' }],
        isLeft: true,
        isEnded: true,
      },
    );
  });
});

function ended({ client }: Stage, id: string) {
  const read = async () => (await client.list()).records.find((record) => record.id === id);
  return waitFor(read, (record) => record !== undefined && !isRunning(record), { what: 'the end of the session' });
}
