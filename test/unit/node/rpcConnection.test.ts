import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { rpcOver } from '../../../src/node/rpcConnection.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

describe('a connection that is cut off in the middle of a message', () => {
  const dirs = useTempDirs();

  it('leaves no timer that would keep its process alive', async () => {
    const address =
      process.platform === 'win32'
        ? `\\\\.\\pipe\\holdfast-test-${process.pid}`
        : path.join(await dirs.make(), 'socket');
    const server = net.createServer((socket) => socket.end('Content-Length: 100\r\n\r\n{"half":')).listen(address);
    await once(server, 'listening');
    const before = timers();
    const connection = rpcOver(net.connect(address));
    const closed = new Promise<void>((resolve) => connection.onClose(resolve));
    connection.listen();
    await closed;
    const after = timers();
    server.close();
    assert.equal(after, before);
  });
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}
