import assert from 'node:assert/strict';
import net from 'node:net';
import path from 'node:path';
import { HostClient } from '../../../src/client/hostClient.ts';
import { FrameSocket } from '../../../src/node/frameSocket.ts';
import { listen } from '../../../src/node/sockets.ts';
import { frameType, readJson } from '../../../src/protocol/frames.ts';
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

describe('a client of a host that is older', () => {
  const dirs = useTempDirs();
  let server: net.Server;
  let client: HostClient;
  let hello: unknown;

  /** Knows the first verbs, and nothing of what was added since. */
  beforeEach(async () => {
    server = net.createServer((connection) => {
      const host = new FrameSocket(connection);
      host.onFrame(({ type, seq, payload }) => {
        if (type === frameType.hello) {
          hello = readJson(payload);
          host.sendJson(frameType.welcome, seq, { protocol: 1, sessionId: '', pid: 1 });
        } else if (type === frameType.status) host.sendJson(frameType.statusReply, seq, status);
        else host.sendJson(frameType.error, seq, { code: 'INVALID_ARGUMENT', message: 'unknown' });
      });
    });
    const socket = process.platform === 'win32' ? '\\\\.\\pipe\\holdfast-older' : path.join(await dirs.make(), 's');
    await listen(server, socket);
    client = await HostClient.connect({ socket, token: '', client: { kind: 'helper', pid: 1 }, epoch: 4 });
  });

  afterEach(() => {
    client.dispose();
    server.close();
  });

  it('says which helper it is', () => {
    assert.equal((hello as { epoch: number }).epoch, 4);
  });

  it('does not learn what the session was started with, and asks on', async () => {
    assert.deepEqual([await client.launch(), await client.status()], [undefined, status]);
  });

  const status = {
    ...{ sessionId: '', pid: 1, ptyPid: 2, cols: 80, rows: 24, seq: 0, clients: 1, startedAt: 'then' },
    ...{ lastOutputAt: null, title: '', exit: null },
  };
});
