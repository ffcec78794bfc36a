import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { waitFor } from '../../support/waitFor.ts';
import { useEnvironment } from '../support/environment.ts';
import type { NumberedSession } from '../support/numberedSession.ts';
import { itLosesNothing, type Stage } from '../support/stage.ts';

/** What a cleaner of temp folders may remove while all are at work. */
const removals: [what: string, remove: (stage: Stage, session: NumberedSession) => Promise<void>][] = [
  ['of the helper', ({ scene }) => rm(scene.places.helperSocket)],
  ['of a session’s host', (_, { places }) => rm(places.socket)],
  ['of them all, together with their folder', ({ scene }) => rm(scene.places.socketFolder, { recursive: true })],
];

describe('a socket that is removed while its owner lives', () => {
  useEnvironment({ HOLDFAST_SOCKET_CHECK_MS: '100' });

  for (const [what, remove] of removals) {
    itLosesNothing(`is there again: ${what}`, async (stage) => {
      const session = await stage.numbers();
      const before = await stage.client.status();
      await remove(stage, session);
      const host = await waitFor(() => stage.scene.connectHost(session).catch(() => undefined));
      const another = await stage.scene.client();
      assert.deepEqual(
        [(await host?.status())?.ptyPid, (await another.status()).pid],
        [session.program.pid, before.pid],
      );
    });
  }
});
