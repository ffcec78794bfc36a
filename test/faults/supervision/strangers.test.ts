import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rpcOver } from '../../../src/node/rpcConnection.ts';
import { connect } from '../../../src/node/sockets.ts';
import { encodeFrame, encodeJsonFrame, frameType } from '../../../src/protocol/frames.ts';
import { helperMethods } from '../../../src/protocol/helperRpc.ts';
import { helperProtocol, hostProtocol, type VersionRange } from '../../../src/protocol/versions.ts';
import { RawClient } from '../support/rawClient.ts';
import { itLosesNothing, type Stage } from '../support/stage.ts';

const wrongToken = '0'.repeat(64);
const hello = { protocol: hostProtocol, token: wrongToken, client: { kind: 'test', pid: process.pid } };

/** A frame of which only the beginning ever comes. */
const halfFrame = encodeFrame(frameType.hello, 1, Buffer.alloc(1_000)).subarray(0, 500);

/** A header that announces more than a frame may hold. */
const oversized = Buffer.concat([Buffer.from([frameType.hello, 0]), Buffer.alloc(8), Buffer.from('ffffffff', 'hex')]);

const nonsense: [what: string, bytes: Buffer][] = [
  ['a wrong token', encodeJsonFrame(frameType.hello, 1, hello)],
  ['an oversized frame', oversized],
  ['garbage', randomBytes(256 * 1024)],
  ['half a frame, and nothing more', halfFrame],
  ['nothing at all', Buffer.alloc(0)],
  ['a header of JSON-RPC that announces a gigabyte', Buffer.from('Content-Length: 1073741824\r\n\r\n{')],
];

describe('a connection that sends what it should not', () => {
  itLosesNothing('is closed, be it to a host or to the helper, and disturbs nobody', async (stage) => {
    const session = await stage.numbers();
    const sockets = [session.places.socket, stage.scene.places.helperSocket];
    const strangers = await Promise.all(
      sockets.flatMap((socket) =>
        nonsense.map(async ([what, bytes]) => ({ what, stranger: await sent(socket, bytes) })),
      ),
    );
    await session.printsOn(1);
    await stage.ledger.change(stage.client, session);
    await Promise.all(strangers.map(({ stranger }) => stranger.closed()));
    assert.deepEqual((await stage.client.status()).clients, 1);
  });

  itLosesNothing('is alone in what it asks for, where it has said hello and then sends half a frame', async (stage) => {
    const session = await stage.numbers();
    const stranger = await RawClient.connect(session.places.socket);
    await stranger.helloToHost(stage.scene.token);
    stranger.send(halfFrame);
    await session.printsOn(1_000);
    assert.equal(stranger.isClosed, false);
    stranger.dispose();
  });
});

describe('versions of the protocol', () => {
  const versions: [what: string, range: VersionRange, isSpoken: boolean][] = [
    ['older', { min: 0, max: hostProtocol.min - 1 }, false],
    ['older and ours', { min: 0, max: hostProtocol.max }, true],
    ['ours', hostProtocol, true],
    ['ours and newer', { min: hostProtocol.min, max: hostProtocol.max + 1 }, true],
    ['newer', { min: hostProtocol.max + 1, max: hostProtocol.max + 1 }, false],
  ];

  itLosesNothing('are agreed on with a host and with the helper, or refused, and both go on', async (stage) => {
    const session = await stage.numbers();
    const shift = helperProtocol.max - hostProtocol.max;
    const answers = [];
    for (const [what, range] of versions) {
      const ofHelper = { min: range.min + shift, max: range.max + shift };
      answers.push([what, await fromHost(stage, session.places.socket, range), await fromHelper(stage, ofHelper)]);
    }
    await stage.ledger.change(stage.client, session);
    const refusal = 'PROTOCOL_MISMATCH';
    assert.deepEqual(
      answers,
      versions.map(([what, , isSpoken]) =>
        isSpoken ? [what, hostProtocol.max, helperProtocol.max] : [what, refusal, refusal],
      ),
    );
  });
});

async function sent(socket: string, bytes: Buffer): Promise<RawClient> {
  const stranger = await RawClient.connect(socket);
  stranger.send(bytes);
  return stranger;
}

async function fromHost({ scene }: Stage, socket: string, range: VersionRange): Promise<unknown> {
  const client = await RawClient.connect(socket);
  const answer = (await client.helloToHost(scene.token, range)) as { protocol?: number; code?: string };
  client.dispose();
  return answer.protocol ?? answer.code;
}

async function fromHelper({ scene }: Stage, protocol: VersionRange): Promise<unknown> {
  const socket = await connect(scene.places.helperSocket);
  const rpc = rpcOver(socket);
  rpc.listen();
  const client = { kind: 'test', pid: process.pid, version: '0.0.0' };
  try {
    const welcome = await rpc.sendRequest(helperMethods.hello.method, { protocol, token: scene.token, client });
    return (welcome as { protocol: number }).protocol;
  } catch (error) {
    return (error as { data?: { code?: string } }).data?.code;
  } finally {
    socket.destroy();
  }
}
