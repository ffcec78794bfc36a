import assert from 'node:assert/strict';
import path from 'node:path';
import { helperMethods } from '../../../src/protocol/helperRpc.ts';
import { processEnd } from '../../integration/support/scene.ts';
import { TestTerminal } from '../../integration/support/terminal.ts';
import { projectNode } from '../../support/paths.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { useEnvironment } from '../support/environment.ts';
import { itLosesNothing, type Stage } from '../support/stage.ts';

const megabyte = 1024 * 1024;

/** Far above what shells and an idle Node have, far below what the hog has; megabytes. */
const memoryLimit = 400;

const hog = path.join(import.meta.dirname, '..', 'programs', 'memoryHog.ts');

describeOnUnix('a session whose grandchild takes more memory than it may have', () => {
  useEnvironment({ HOLDFAST_LOOK_MS: '500' });

  itLosesNothing('is ended at the third look, with all its processes, and no other one is', async (stage) => {
    await stage.numbers();
    const script = `read go; ${projectNode} ${hog} & echo child $!; wait`;
    const session = await stage.start(['sh', '-c', script], { policy: { retry: 'never', memoryLimit } });
    const ending = stage.record(session, (record) => record.ending !== undefined);
    const terminal = await TestTerminal.open(stage.scene, session);
    terminal.type('\n');
    const child = Number((await terminal.sees(/child (\d+)\r/))[1]);
    const grandchild = Number((await terminal.sees(/hog (\d+)\r/))[1]);
    const begun = (await ending).ending;
    const looks = await looksOver(stage, session.id, begun?.at);
    const record = await stage.record(session, ({ exit }) => exit !== undefined);
    for (const pid of [session.record.ptyPid as number, child, grandchild]) await processEnd(pid);
    assert.deepEqual(
      { looks, status: record.status, reason: record.exit?.reason, by: record.evidence?.by, what: begun?.what },
      {
        looks: 3,
        status: 'failed',
        reason: 'limit',
        by: 'watchdog',
        what: `its processes used more than ${memoryLimit} MB of memory`,
      },
    );
  });
});

/** At how many looks before that moment it had more than it may have. */
async function looksOver(stage: Stage, id: string, before = ''): Promise<number> {
  const samples = await (await stage.connect()).request(helperMethods.history, { id });
  return samples.filter(({ at, memory }) => at <= before && memory >= memoryLimit * megabyte).length;
}
