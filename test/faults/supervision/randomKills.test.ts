import { setTimeout as pause } from 'node:timers/promises';
import { processEnd } from '../../integration/support/scene.ts';
import { signal } from '../../support/processes.ts';
import { faultMinutes, hasManyRounds } from '../../support/suites.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { rounds } from '../support/extent.ts';
import type { NumberedSession } from '../support/numberedSession.ts';
import { SeededRandom } from '../support/random.ts';
import { onStage, type Stage } from '../support/stage.ts';

/** How many sessions there are at any time, and how many kills one stage sees, so that its output stays in bounds. */
const sessionCount = 3;
const killsPerStage = rounds(12, 100);

/** Where a helper is killed in the middle of a change or a start. */
const points = ['helper-record-saved', 'helper-host-spawned'];

const random = new SeededRandom();

/** Whose host was killed. */
const recovering: NumberedSession[] = [];

describeOnUnix(`processes that are killed at random moments (HOLDFAST_FAULTS_SEED=${random.seed})`, () => {
  const duration = hasManyRounds ? faultMinutes * 60_000 : 0;
  it(`take nothing with them: ${killsPerStage} kills${duration ? `, for ${faultMinutes} minutes` : ''}`, async () => {
    const end = Date.now() + duration;
    do await onStage(killMany);
    while (Date.now() < end);
  }).timeout(duration + killsPerStage * 10_000);
});

async function killMany(stage: Stage): Promise<void> {
  for (let count = 0; count < sessionCount; count++) await stage.numbers({ pause: 20 });
  const kills = [killHelper, killHelper, killHelperAtPoint, suspendHelper, killHost, dropTerminal];
  recovering.length = 0;
  for (let kill = 0; kill < killsPerStage; kill++) await random.pick(kills)(stage);
  for (const session of recovering) await session.recovered(stage.scene, stage.client);
}

/** While changes of several sessions are on their way. */
async function killHelper(stage: Stage): Promise<void> {
  const changes = Promise.all(living(stage).map((session) => stage.ledger.change(stage.client, session)));
  await pause(random.below(15));
  await stage.killHelper();
  await changes;
}

async function killHelperAtPoint(stage: Stage): Promise<void> {
  const point = random.pick(points);
  await stage.points.ask(point);
  const starting = stage.numbers({ pause: 20 });
  const pid = await stage.points.reached(point);
  signal(pid, 'SIGKILL');
  await processEnd(pid);
  await stage.points.letGo(point);
  await endOne(stage, await starting);
}

async function suspendHelper(stage: Stage): Promise<void> {
  const pid = await stage.scene.helperPid();
  signal(pid, 'SIGSTOP');
  await pause(random.below(200));
  signal(pid, 'SIGCONT');
}

/** Its session recovers while the next things happen; another one takes its place among those that are killed. */
async function killHost(stage: Stage): Promise<void> {
  const session = random.pick(living(stage));
  await pause(random.below(15));
  await stage.killHost(session);
  recovering.push(session);
  await stage.numbers({ pause: 20 });
}

/** A terminal that is closed, and one that is opened in its place. */
async function dropTerminal(stage: Stage): Promise<void> {
  const session = random.pick(living(stage));
  await session.watchAnew(stage.scene);
  await session.printsOn(random.below(50));
}

/** So that their number stays the same. */
async function endOne(stage: Stage, session: NumberedSession): Promise<void> {
  session.endsHere();
  stage.ledger.note(await stage.client.stop(session.id, 0));
}

function living({ sessions }: Stage): NumberedSession[] {
  return sessions.filter(({ shouldLive }) => shouldLive);
}
