import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { waitFor } from '../support/waitFor.ts';
import { useScene } from './support/scene.ts';

describe('when a cleaner removes the socket', () => {
  const scene = useScene();
  before(() => {
    process.env.HOLDFAST_SOCKET_CHECK_MS = '100';
  });
  after(() => {
    delete process.env.HOLDFAST_SOCKET_CHECK_MS;
  });

  it('of the helper, a new client reaches the same helper again', async () => {
    const { pid } = await (await scene().client()).status();
    await rm(scene().places.helperSocket);
    assert.equal((await (await scene().client()).status()).pid, pid);
  });

  it('of a session’s host, a new terminal reaches the same host again', async () => {
    const session = await scene().start(await scene().client(), ['cat']);
    const before = await (await scene().connectHost(session)).status();
    await rm(session.places.socket);
    const again = await waitFor(() =>
      scene()
        .connectHost(session)
        .catch(() => undefined),
    );
    assert.deepEqual((await again?.status())?.pid, before.pid);
  });

  it('together with its folder, everything is reached again', async () => {
    const client = await scene().client();
    const session = await scene().start(client, ['cat']);
    await rm(scene().places.socketFolder, { recursive: true });
    const host = await waitFor(() =>
      scene()
        .connectHost(session)
        .catch(() => undefined),
    );
    const helper = await (await scene().client()).status();
    assert.deepEqual(
      [(await host?.status())?.ptyPid, helper.pid],
      [session.record.ptyPid, (await client.status()).pid],
    );
  });
});
