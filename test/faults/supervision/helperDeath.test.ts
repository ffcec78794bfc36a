import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { dist, isRunningProcess, processEnd, programFile } from '../../integration/support/scene.ts';
import { projectNode } from '../../support/paths.ts';
import { signal } from '../../support/processes.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { numbersCommand } from '../support/numberedSession.ts';
import { itLosesNothing, type Stage } from '../support/stage.ts';

describeOnUnix('a helper that is killed', () => {
  itLosesNothing('under full output takes nothing with it', async (stage) => {
    const sessions = [await stage.numbers({ pause: 0, last: 200_000 }), await stage.numbers()];
    const killed = await stage.killHelper();
    for (const session of sessions) await stage.ledger.change(stage.client, session);
    assert.notEqual(await stage.scene.helperPid(), killed);
  });

  itLosesNothing('between the start of a host and its record has it adopted by the next one', async (stage) => {
    await stage.numbers();
    const session = await startedAcrossDeath(stage, 'helper-host-spawned');
    assert.equal(session.record.status, 'active');
  });

  itLosesNothing('while a host is about to name itself has that adopted by the next one', async (stage) => {
    const trace = await newTrace(stage);
    const starting = startNumbers(stage, trace);
    await stage.points.ask('host-process-spawned');
    await stage.points.reached('host-process-spawned');
    await stage.killHelper();
    const record = await starting;
    await stage.points.letGo('host-process-spawned');
    assert.equal((await stage.watch(record, trace)).record.status, 'active');
  });

  itLosesNothing('between saving a change and acknowledging it makes that change once', async (stage) => {
    const session = await stage.numbers();
    await stage.points.ask('helper-record-saved');
    const change = stage.ledger.change(stage.client, session);
    await killedAt(stage, 'helper-record-saved');
    await change;
    const { records } = await stage.client.list();
    assert.equal(records.find(({ id }) => id === session.id)?.metadata?.count, 1);
  });

  itLosesNothing('together with a host costs that session alone, which recovers', async (stage) => {
    const [killed, other] = [await stage.numbers(), await stage.numbers()];
    await Promise.all([stage.killHelper(), stage.killHost(killed)]);
    await stage.ledger.change(stage.client, other);
    await killed.recovered(stage.scene, stage.client);
  });

  itLosesNothing('is followed by one, however many clients want the next one at once', async (stage) => {
    await stage.numbers();
    await stage.killHelper();
    const starters = Array.from({ length: 5 }, () => startStarter(stage, 4));
    const pids = await Promise.all(starters.map(firstLine));
    await Promise.all(starters.map(end));
    assert.deepEqual(new Set(pids), new Set([String(await stage.scene.helperPid())]));
  });
});

async function newTrace(stage: Stage): Promise<string> {
  return path.join(await stage.newFolder('trace'), 'starts');
}

async function startNumbers(stage: Stage, trace: string) {
  return (await stage.start(numbersCommand(trace))).record;
}

async function startedAcrossDeath(stage: Stage, point: string) {
  const trace = await newTrace(stage);
  await stage.points.ask(point);
  const starting = startNumbers(stage, trace);
  await killedAt(stage, point);
  return stage.watch(await starting, trace);
}

async function killedAt({ points }: Stage, point: string): Promise<void> {
  const pid = await points.reached(point);
  assert.ok(await isRunningProcess(pid));
  signal(pid, 'SIGKILL');
  await processEnd(pid);
  await points.letGo(point);
}

/** A process in which so many clients want a helper. */
function startStarter({ scene }: Stage, clients: number): ChildProcess {
  const args = [programFile('startHelper'), scene.key, dist, String(clients)];
  return spawn(projectNode, args, { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function firstLine(starter: ChildProcess): Promise<string> {
  const lines = createInterface({ input: starter.stdout as NodeJS.ReadableStream });
  return String((await once(lines, 'line'))[0]);
}

async function end(starter: ChildProcess): Promise<void> {
  starter.stdin?.end();
  await once(starter, 'exit');
}
