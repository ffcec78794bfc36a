import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { HoldfastError } from '../../../src/base/errors.ts';
import { readLastScreen } from '../../../src/node/savedScreen.ts';
import type { SessionPolicy, SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { isRunningProcess, processEnd, type TestSession } from '../../integration/support/scene.ts';
import { TestTerminal } from '../../integration/support/terminal.ts';
import { signal } from '../../support/processes.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { waitFor } from '../../support/waitFor.ts';
import { useEnvironment } from '../support/environment.ts';
import { itLosesNothingOnLinux, type Stage } from '../support/stage.ts';

const policy: SessionPolicy = { retry: 'onCrash', retryDelay: 0.2 };

describe('a session that is started again by itself', () => {
  useEnvironment({ HOLDFAST_LOOK_MS: '200' });

  const torn: [what: string, pid: (stage: Stage, session: TestSession) => Promise<number | null | undefined>][] = [
    ['host', (stage, session) => stage.hostPid(session)],
    ['shell', async (_, { record }) => record.ptyPid],
  ];
  for (const [what, pidOf] of torn) {
    itLosesNothingOnLinux(`has no job of its former life beside it whose ${what} was killed`, async (stage) => {
      await stage.numbers();
      const session = await stage.start(['bash', '--norc', '-i'], { policy });
      const terminal = await TestTerminal.open(stage.scene, session);
      terminal.type(`sh -c 'trap "" HUP; echo "job"-$$; while :; do sleep 0.1; done'\r`);
      const job = Number((await terminal.sees(/job-(\d+)/))[1]);
      const pid = (await pidOf(stage, session)) as number;
      signal(pid, 'SIGKILL');
      await processEnd(pid);
      await runsAgain(stage, session);
      const isBeside = await isRunningProcess(job);
      if (isBeside) signal(job, 'SIGKILL');
      await stage.client.stop(session.id, 500);
      assert.equal(isBeside, false);
    });
  }
});

describe('a session host that is ended before it has said that it runs', () => {
  const asked = 'host-process-spawned';
  const dirs = useTempDirs();
  let file: string;
  const readPids = async (): Promise<number[]> =>
    (await readFile(file, 'utf8').catch(() => '')).split('\n').slice(0, -1).map(Number);
  beforeEach(async () => {
    file = path.join(await dirs.make('process'), 'pids');
  });
  afterEach(async () => {
    for (const pid of await runningOf(await readPids())) signal(pid, 'SIGKILL');
  });

  itLosesNothingOnLinux('leaves no process beside the next one where it is killed', async (stage) => {
    const { id, launch, starting, host, pids } = await starts(stage);
    signal(host, 'SIGKILL');
    const error = await starting;
    await stage.points.letGo(asked);
    const { ptyPid } = await stage.client.start(launch);
    const running = await runningOf(await pids(2));
    await stage.client.stop(id, 300);
    assert.deepEqual([running, error?.code], [[ptyPid], 'HOST_START_FAILED']);
  });

  itLosesNothingOnLinux('takes its process along where it is told to end', async (stage) => {
    const { host, starting, pids } = await starts(stage);
    const [pid] = await pids(1);
    signal(host, 'SIGTERM');
    await processEnd(pid as number);
    await stage.points.letGo(asked);
    await starting;
  });

  itLosesNothingOnLinux('loses no screen that it was to restore where it is killed', async (stage) => {
    await stage.numbers();
    const session = await stage.start(['/bin/sh', '-c', 'echo the first screen; exec cat']);
    await (await TestTerminal.open(stage.scene, session)).sees('the first screen');
    await stage.client.stop(session.id, 500);
    await stage.points.ask('host-process-named');
    const starting = stage.client.start({ ...session.launch, args: ['-c', 'exec cat'] }).catch(() => undefined);
    signal(await stage.points.reached('host-process-named'), 'SIGKILL');
    await starting;
    await stage.points.letGo('host-process-named');
    assert.match((await readLastScreen(session.places))?.screen ?? '', /the first screen/);
  });

  /** A host that has started its process, which ignores the hangup, and waits before it writes that down. */
  async function starts(stage: Stage) {
    await stage.numbers();
    const { id } = stage.ledger.note(await stage.client.create(stage.scene.record(), null));
    const script = `trap '' HUP; echo $$ >> ${file}; while :; do sleep 0.1; done`;
    const launch = stage.scene.launch(id, ['/bin/sh', '-c', script]);
    await stage.points.ask(asked);
    const starting: Promise<HoldfastError | undefined> = stage.client.start(launch).then(
      () => undefined,
      (error) => error,
    );
    const host = await stage.points.reached(asked);
    const pids = (count: number) => waitFor(readPids, ({ length }) => length === count, { what: `${count} processes` });
    await pids(1);
    return { id, launch, starting, host, pids };
  }
});

async function runningOf(pids: readonly number[]): Promise<number[]> {
  const states = await Promise.all(pids.map(isRunningProcess));
  return pids.filter((_, index) => states[index]);
}

function runsAgain(stage: Stage, { id, record }: TestSession): Promise<SessionRecord | undefined> {
  return waitFor(
    async () => (await stage.client.list()).records.find((one) => one.id === id),
    (now) => now?.status === 'active' && now.ptyPid !== record.ptyPid,
    { what: 'its next life', timeout: 30_000 },
  );
}
