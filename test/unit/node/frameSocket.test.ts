import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { FrameSocket } from '../../../src/node/frameSocket.ts';
import { connect, listen } from '../../../src/node/sockets.ts';
import { encodeFrame, frameType } from '../../../src/protocol/frames.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { waitFor } from '../../support/waitFor.ts';

describe('a frame socket', () => {
  const dirs = useTempDirs();
  let server: net.Server;
  let near: FrameSocket;
  let far: net.Socket;

  beforeEach(async () => {
    const file = process.platform === 'win32' ? '\\\\.\\pipe\\holdfast-frames' : path.join(await dirs.make(), 's');
    server = net.createServer();
    await listen(server, file);
    const accepted = once(server, 'connection');
    far = await connect(file);
    near = new FrameSocket((await accepted)[0] as net.Socket);
  });

  afterEach(() => {
    near.dispose();
    far.destroy();
    server.close();
  });

  it('reports frames in order, however they arrive', async () => {
    const seqs: number[] = [];
    near.onFrame(({ seq }) => seqs.push(seq));
    const bytes = Buffer.concat([1, 2, 3].map((seq) => encodeFrame(frameType.ping, seq, Buffer.alloc(20))));
    for (const byte of bytes) far.write(Buffer.of(byte));
    await waitFor(() => seqs.length === 3);
    assert.deepEqual(seqs, [1, 2, 3]);
  });

  it('closes when it gets something that is no frame', async () => {
    const closed = new Promise<void>((resolve) => near.onClose(resolve));
    far.on('error', () => undefined);
    far.write('GET / HTTP/1.1\r\n\r\n');
    await closed;
    assert.equal(near.isOpen, false);
  });

  it('reports nothing more of what has arrived once it was closed', async () => {
    const seqs: number[] = [];
    near.onFrame(({ seq }) => {
      seqs.push(seq);
      near.dispose();
    });
    const closed = new Promise<void>((resolve) => near.onClose(resolve));
    far.write(Buffer.concat([1, 2].map((seq) => encodeFrame(frameType.ping, seq))));
    await closed;
    assert.deepEqual(seqs, [1]);
  });

  it('sends what is queued before it ends', async () => {
    const received: Buffer[] = [];
    far.on('data', (chunk) => received.push(chunk));
    for (let seq = 0; seq < 20; seq++) near.send(frameType.output, seq, Buffer.alloc(50_000));
    const ended = once(far, 'end');
    await near.end();
    await ended;
    assert.equal(Buffer.concat(received).length, 20 * 50_014);
  });

  it('takes no more requests from a side that does not read the answers', async () => {
    let requests = 0;
    near.onFrame(({ seq }) => {
      requests++;
      near.send(frameType.pong, seq, Buffer.alloc(1_000));
    });
    far.pause();
    far.write(Buffer.concat(Array.from({ length: 50_000 }, (_, seq) => encodeFrame(frameType.ping, seq))));
    const taken = await settled(() => requests);
    far.resume();
    await waitFor(() => requests === 50_000);
    assert.ok(taken < 10_000, `${taken} requests were taken before the first answer was read`);
  });
});

/** The value once it has begun to change and no longer does. */
async function settled(read: () => number): Promise<number> {
  let last = read();
  const isSettled = (value: number) => {
    const same = value > 0 && value === last;
    last = value;
    return same;
  };
  return waitFor(read, isSettled);
}
