import assert from 'node:assert/strict';
import { describeOnUnix } from '../../support/unix.ts';
import { useEnvironment } from '../support/environment.ts';
import { type FalseAnswer, falseAnswers, HostProxy } from '../support/hostProxy.ts';
import { itLosesNothing, type Stage } from '../support/stage.ts';

describeOnUnix('a session host that answers the question how it is with what is no answer', () => {
  useEnvironment({ HOLDFAST_LOOK_MS: '200' });

  itLosesNothing('is told of and left alone, and is well again once it answers', async (stage) => {
    const answers = Object.entries(falseAnswers);
    const proxies = await Promise.all(answers.map(([, answer]) => proxied(stage, answer)));
    await stage.killHelper();
    const told = await Promise.all(
      stage.sessions.map((session) => stage.health(session, ({ state }) => state === 'unresponsive')),
    );
    for (const proxy of proxies) proxy.mend();
    for (const session of stage.sessions) await stage.health(session, ({ state }) => state === 'healthy');
    const areAsked = proxies.map((proxy) => proxy.falseAnswers > 1);
    for (const proxy of proxies) await proxy.end();
    assert.deepEqual(
      told.map(({ status, evidence }) => [status, evidence[0]?.what.replace(/\d+/, '…')]),
      told.map(() => ['active', 'its session host has not answered for … s']),
    );
    assert.deepEqual(
      areAsked,
      answers.map(() => true),
    );
  });
});

async function proxied(stage: Stage, answer: FalseAnswer): Promise<HostProxy> {
  const { places } = await stage.numbers();
  return HostProxy.before(places.socket, answer);
}
