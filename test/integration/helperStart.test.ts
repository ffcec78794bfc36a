import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { HelperConnection } from '../../src/client/helperConnection.ts';
import { tryLock } from '../../src/node/lockFile.ts';
import { rpcOver } from '../../src/node/rpcConnection.ts';
import { connect } from '../../src/node/sockets.ts';
import { helperMethods } from '../../src/protocol/helperRpc.ts';
import { projectNode } from '../support/paths.ts';
import { dist, isRunningProcess, processEnd, programFile, type Scene, useScene } from './support/scene.ts';

const greeting = {
  protocol: { min: 1, max: 1 },
  client: { kind: 'test', pid: process.pid, version: '0.0.0' },
};

describe('starting the helper', () => {
  const scene = useScene();

  it('gives one helper to twenty processes that start it at once', async () => {
    const starters = Array.from({ length: 20 }, () => startStarter(scene()));
    const pids = await Promise.all(starters.map(firstLine));
    await Promise.all(starters.map(end));
    assert.deepEqual(new Set(pids), new Set([String(await scene().helperPid())]));
  });
});

describe('a helper that cannot be started', () => {
  const scene = useScene();

  it('names the owner of a lock that nobody here can judge, and what to do about it', async () => {
    const { helperLock, helperLog } = scene().places;
    const owner = { pid: 4711, startTime: '1', bootId: 'other', host: 'elsewhere.invalid', nonce: 'n'.repeat(36) };
    await mkdir(path.dirname(helperLock), { recursive: true });
    await writeFile(helperLock, JSON.stringify(owner));
    await assert.rejects(scene().launcher().connectOrStart(), {
      code: 'HELPER_START_FAILED',
      text: `The Holdfast helper seems to run on another machine or in another container, elsewhere.invalid. Its lock ${helperLock} is held by process 4711 on elsewhere.invalid. If that is but a former name of this one, or a container that has ended, delete the file and try again. Its log is ${helperLog}.`,
    });
  });

  it('names the process that has its lock and does not answer', async () => {
    const { helperLock } = scene().places;
    await rm(helperLock, { force: true });
    const holder = await tryLock(helperLock);
    assert.ok('lock' in holder);
    const launcher = scene().launcher({ startDeadline: 1_000 });
    const said = `Its lock ${helperLock} is held by process ${process.pid} on ${hostname()}.`;
    const { code, text } = await launcher.connectOrStart().catch((error) => error);
    assert.deepEqual([code, text.includes(said)], ['HELPER_START_FAILED', true]);
    await holder.lock.release();
  });
});

describe('the helper', () => {
  const scene = useScene();

  it('refuses a client with a wrong token', async () => {
    await (await scene().client()).status();
    const attempt = HelperConnection.connect({
      socket: scene().places.helperSocket,
      token: '0'.repeat(64),
      client: { kind: 'test', pid: process.pid, version: '0.0.0' },
    });
    await assert.rejects(attempt, { code: 'UNAUTHORIZED' });
  });

  it('refuses a client that speaks no version in common, and says so', async () => {
    const error = await hello(scene(), { protocol: { min: 98, max: 99 } });
    assert.deepEqual(error, { code: 'PROTOCOL_MISMATCH', theirs: { min: 98, max: 99 } });
  });

  it('answers nothing before the client has said who it is', async () => {
    const rpc = rpcOver(await connect(scene().places.helperSocket));
    rpc.listen();
    await assert.rejects(rpc.sendRequest(helperMethods.list.method), { message: 'Say hello first.' });
    rpc.end();
  });

  const strangers: [who: string, method: string, params: unknown][] = [
    ['has not said who it is', helperMethods.list.method, undefined],
    ['has a wrong token', helperMethods.hello.method, { ...greeting, token: '0'.repeat(64) }],
    ['makes no sense', helperMethods.hello.method, {}],
  ];
  for (const [who, method, params] of strangers) {
    it(`hangs up on a client that ${who}, once that has its answer`, async () => {
      const socket = await connect(scene().places.helperSocket);
      const began = performance.now();
      const closed = once(socket, 'close');
      const rpc = rpcOver(socket);
      rpc.listen();
      await assert.rejects(rpc.sendRequest(method, params), (error: { data: { code: string } }) =>
        ['UNAUTHORIZED', 'INVALID_ARGUMENT'].includes(error.data.code),
      );
      await closed;
      // Who says nothing at all is given five seconds.
      assert.ok(performance.now() - began < 3_000);
    });
  }

  for (const [what, bytes] of garbage()) {
    it(`keeps serving others when a connection sends ${what}`, async () => {
      const client = await scene().client();
      const pid = await scene().helperPid();
      const socket = await connect(scene().places.helperSocket);
      const closed = once(socket, 'close');
      socket.on('error', () => undefined);
      socket.end(bytes);
      socket.resume();
      await closed;
      assert.equal((await client.status()).pid, pid);
    });
  }

  it('is replaced by a new one at each of five restarts in a row', async () => {
    const client = await scene().client();
    const pids = new Set<number>();
    for (let restart = 0; restart < 5; restart++) {
      await client.restartHelper();
      pids.add((await client.status()).pid);
    }
    assert.equal(pids.size, 5);
  });
});

describe('a helper that nobody needs', () => {
  const scene = useScene();
  const grace = process.env.HOLDFAST_HELPER_GRACE_MS;
  before(() => {
    process.env.HOLDFAST_HELPER_GRACE_MS = '300';
  });
  after(() => {
    if (grace === undefined) delete process.env.HOLDFAST_HELPER_GRACE_MS;
    else process.env.HOLDFAST_HELPER_GRACE_MS = grace;
  });

  it('stays for a client, stays for a session, and ends by itself without either', async () => {
    const { pid, steps } = await liveThroughGrace(scene());
    assert.deepEqual(
      { ...steps, afterAll: await isRunningProcess(pid) },
      { withClient: true, withSession: true, afterAll: false },
    );
  });
});

async function liveThroughGrace(scene: Scene) {
  const client = await scene.client();
  const { pid } = await client.status();
  await pastGrace();
  const withClient = await isRunningProcess(pid);
  const session = await scene.start(client, ['cat']);
  client.dispose();
  await pastGrace();
  const withSession = await isRunningProcess(pid);
  (await scene.connectHost(session)).stop(0);
  await processEnd(pid);
  return { pid, steps: { withClient, withSession } };
}

/** Three times the grace: that nothing happens can only be seen by waiting. */
function pastGrace(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 900));
}

function garbage(): [string, Buffer][] {
  return [
    ['noise', Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 197) % 256))],
    ['a header without a length', Buffer.from('Content-Type: x\r\n\r\n{}')],
    ['a message that is no JSON', Buffer.from('Content-Length: 5\r\n\r\nhello')],
    ['half a message', Buffer.from('Content-Length: 500\r\n\r\n{"jsonrpc"')],
  ];
}

async function hello(scene: Scene, { protocol }: { protocol: { min: number; max: number } }) {
  const rpc = rpcOver(await connect(scene.places.helperSocket));
  rpc.listen();
  const client = { kind: 'test', pid: process.pid, version: '0.0.0' };
  try {
    return await rpc.sendRequest(helperMethods.hello.method, { protocol, token: scene.token, client });
  } catch (error) {
    const { code, data } = (error as { data: { code: string; data: { theirs: unknown } } }).data;
    return { code, theirs: data.theirs };
  } finally {
    rpc.end();
  }
}

function startStarter({ key }: Scene): ChildProcess {
  return spawn(projectNode, [programFile('startHelper'), key, dist], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) return line;
  return 'nothing';
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.stdin?.end();
  await ended;
}
