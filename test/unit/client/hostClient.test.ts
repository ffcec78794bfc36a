import assert from 'node:assert/strict';
import net from 'node:net';
import path from 'node:path';
import { HostClient } from '../../../src/client/hostClient.ts';
import { FrameSocket } from '../../../src/node/frameSocket.ts';
import { listen } from '../../../src/node/sockets.ts';
import { frameType } from '../../../src/protocol/frames.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { waitFor } from '../../support/waitFor.ts';

describe('a client whose connection to a host breaks', () => {
  const dirs = useTempDirs();
  let server: net.Server;
  let host: FrameSocket | undefined;
  let received: Buffer[];
  let client: HostClient;

  /** Greets, and takes input for a program that never reads it. */
  beforeEach(async () => {
    received = [];
    server = net.createServer((socket) => {
      host = new FrameSocket(socket);
      host.onFrame(({ type, seq, payload }) => {
        if (type === frameType.input) received.push(Buffer.from(payload));
        else host?.sendJson(frameType.welcome, seq, { protocol: 1, sessionId: '', pid: 1 });
      });
    });
    const socket =
      process.platform === 'win32' ? '\\\\.\\pipe\\holdfast-host-client' : path.join(await dirs.make(), 's');
    await listen(server, socket);
    client = await HostClient.connect({ socket, token: '', client: { kind: 'test', pid: process.pid } });
  });

  afterEach(() => {
    client.dispose();
    host?.dispose();
    server.close();
  });

  it('still has the input that waited for the program, and only that', async () => {
    const input = Buffer.from(Array.from({ length: 400_000 }, (_, index) => index % 251));
    client.input(input);
    const length = () => received.reduce((sum, part) => sum + part.length, 0);
    await waitFor(() => length() === 256 * 1024);
    const closed = new Promise<void>((resolve) => client.onClose(resolve));
    host?.dispose();
    await closed;
    assert.deepEqual(Buffer.concat([...received, ...client.takeUnsentInput()]), input);
    assert.deepEqual(client.takeUnsentInput(), []);
  });
});
