import assert from 'node:assert/strict';
import { helperMethods } from '../../../src/protocol/helperRpc.ts';
import type { SessionPolicy } from '../../../src/protocol/sessionRecord.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { waitFor } from '../../support/waitFor.ts';
import { useEnvironment } from '../support/environment.ts';
import { SettableClock } from '../support/settableClock.ts';
import { onStage, type Stage } from '../support/stage.ts';

const day = 24 * 60 * 60_000;

/** Far longer than the test takes, and far shorter than the clock is set; minutes. */
const limits: SessionPolicy = { retry: 'onCrash', retryDelay: 2, sessionTimeout: 60, idleTimeout: 60 };

describeOnUnix('a clock that is set a day forward and a day back', () => {
  useEnvironment({ HOLDFAST_LOOK_MS: '200', HOLDFAST_TEST_CLOCK: '' });
  const dirs = useTempDirs();

  it('ends nothing, and nothing is taken for silent, stale or out of time', async () => {
    const clock = await SettableClock.make(await dirs.make('clock'));
    Object.assign(process.env, clock.env);
    await onStage(async (stage) => {
      const sessions = [await stage.numbers({ policy: limits }), await stage.start(['cat'], { policy: limits })];
      const told: object[] = [];
      for (const shift of [day, -day, 0]) {
        await clock.set(shift);
        await afterSomeLooks(stage, sessions[0]?.id as string, shift);
        for (const { id } of sessions) {
          await stage.ledger.change(stage.client, { id });
          const { status, state, endsAt } = await stage.health({ id }, () => true);
          told.push({ status, state, endsAt });
        }
      }
      assert.deepEqual(told, Array(6).fill({ status: 'active', state: 'healthy', endsAt: undefined }));
    }, clock.programs);
  });

  it('does not keep a session waiting that is to be started again, also by the next helper', async () => {
    const clock = await SettableClock.make(await dirs.make('clock'));
    Object.assign(process.env, clock.env);
    await onStage(async (stage) => {
      const session = await stage.numbers({ policy: limits });
      await clock.set(day);
      await stage.killHost(session);
      const read = async () => (await stage.client.list()).records.find(({ id }) => id === session.id);
      await waitFor(read, (record) => record?.status === 'recovering', { what: 'the recovery' });
      await clock.set(0);
      await stage.killHelper();
      await session.recovered(stage.scene, stage.client);
    }, clock.programs);
  });
});

/** The helper has looked a few times since its clock was set. */
async function afterSomeLooks(stage: Stage, id: string, shift: number): Promise<void> {
  const connection = await stage.connect();
  const isSet = (at: string) => Math.abs(Date.parse(at) - Date.now() - shift) < day / 2;
  await waitFor(async () => (await stage.client.health()).at, isSet, { what: 'the clock of the helper' });
  const looks = async () => (await connection.request(helperMethods.history, { id })).length;
  const before = await looks();
  await waitFor(looks, (count) => count > before + 2, { what: 'three looks' });
  connection.dispose();
}
