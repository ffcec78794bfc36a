import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { HelperClient } from '../../src/client/helperClient.ts';
import { isRunning } from '../../src/core/sessionRecord.ts';
import { readCheckpoints } from '../../src/node/checkpointFile.ts';
import { readLastScreen } from '../../src/node/savedScreen.ts';
import { processEnd, readHostFile, type TestSession, useScene } from '../integration/support/scene.ts';
import { signal } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { rounds } from './support/extent.ts';

/** How often the host is killed, each time in another life. */
const lives = rounds(8, 300);

/** A save follows a change within this time, so that a kill within it meets every step of one; milliseconds. */
const longestPause = 800;

describeOnUnix('a session host that is killed at any moment under heavy output', function () {
  this.timeout(lives * 10_000);
  const scene = useScene();
  let client: HelperClient;
  before(async () => {
    client = await scene().client();
  });

  it('leaves a whole checkpoint of its life, which the next one shows above its reason', async () => {
    // Bursts, for output without an end is saved only every five seconds.
    const script = (life: number) => `while :; do seq 1 2000 | sed "s/^/life ${life} line /"; sleep 0.3; done`;
    const launch = (life: number) => ({ args: ['-c', script(life)], notice: `Life ${life} begins.` });
    const session = await scene().start(client, ['sh', '-c', script(0)], { scrollback: 50_000 });
    for (let life = 1; life <= lives; life++) {
      const told = `before life ${life}`;
      await waitFor(async () => (await readCheckpoints(session.places))[0]?.startedAt === (await lifeOf(session)));
      await pause(Math.random() * longestPause);
      await kill(session);
      const screen = await readLastScreen(session.places);
      assert.equal(screen?.startedAt, await lifeOf(session), told);
      await client.start({ ...session.launch, ...launch(life) });
      const { text } = await (await scene().connectHost(session)).snapshot();
      assert.ok(text.includes(`── Life ${life} begins. ──`), `${told}: ${text.slice(0, 500)}`);
    }
  });

  const lifeOf = async ({ places }: TestSession) => (await readHostFile(places))?.startedAt ?? '';

  async function kill({ id, places }: TestSession): Promise<void> {
    const { pid } = (await readHostFile(places)) as { pid: number };
    signal(pid, 'SIGKILL');
    await processEnd(pid);
    await waitFor(async () => {
      const record = (await client.list()).records.find((candidate) => candidate.id === id);
      return record && !isRunning(record);
    });
  }
});
