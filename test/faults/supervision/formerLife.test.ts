import assert from 'node:assert/strict';
import type { SessionPolicy, SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { isRunningProcess, processEnd, type TestSession } from '../../integration/support/scene.ts';
import { TestTerminal } from '../../integration/support/terminal.ts';
import { signal } from '../../support/processes.ts';
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

function runsAgain(stage: Stage, { id, record }: TestSession): Promise<SessionRecord | undefined> {
  return waitFor(
    async () => (await stage.client.list()).records.find((one) => one.id === id),
    (now) => now?.status === 'active' && now.ptyPid !== record.ptyPid,
    { what: 'its next life', timeout: 30_000 },
  );
}
