import assert from 'node:assert/strict';
import type { HealthState, SessionHealth } from '../../../src/protocol/health.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { useEnvironment } from '../support/environment.ts';
import { type FalseAnswer, falseAnswers, HostProxy } from '../support/hostProxy.ts';
import { itLosesNothing, type Stage } from '../support/stage.ts';

describeOnUnix('a session host that answers the question how it is with what is no answer', () => {
  useEnvironment({ HOLDFAST_LOOK_MS: '200' });

  itLosesNothing('is told of and left alone, and is well again once it answers', async (stage) => {
    const answers = Object.values(falseAnswers);
    const proxies = await Promise.all(answers.map((answer) => proxied(stage, answer)));
    try {
      await stage.killHelper();
      const told = await Promise.all(stage.sessions.map(({ id }) => healthAs(stage, id, 'unresponsive')));
      const areAsked = proxies.map((proxy) => proxy.falseAnswers > 1);
      for (const proxy of proxies) proxy.mend();
      for (const { id } of stage.sessions) await healthAs(stage, id, 'healthy');
      assert.deepEqual(
        told.map(({ status, evidence }, index) => [areAsked[index], status, evidence[0]?.what.replace(/\d+/, '…')]),
        answers.map(() => [true, 'active', 'its session host has not answered for … s']),
      );
    } finally {
      await Promise.all(proxies.map((proxy) => proxy.end()));
    }
  });
});

function healthAs(stage: Stage, id: string, wanted: HealthState): Promise<SessionHealth> {
  return stage.health({ id }, ({ state }) => state === wanted);
}

async function proxied(stage: Stage, answer: FalseAnswer): Promise<HostProxy> {
  const { places } = await stage.numbers();
  return HostProxy.before(places.socket, answer);
}
