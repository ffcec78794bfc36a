import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import type { MessageConnection } from 'vscode-jsonrpc';
import { Deferred } from '../../../src/base/async.ts';
import { HoldfastError } from '../../../src/base/errors.ts';
import type { HelperService } from '../../../src/helper/helperService.ts';
import { RpcSession } from '../../../src/helper/rpcSession.ts';
import { fromResponseError, rpcOver } from '../../../src/node/rpcConnection.ts';
import { connect, listen } from '../../../src/node/sockets.ts';
import { ServerToken } from '../../../src/node/token.ts';
import { helperMethods } from '../../../src/protocol/helperRpc.ts';
import { helperProtocol } from '../../../src/protocol/versions.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

const [own, other] = ['1'.repeat(64), '2'.repeat(64)] as const;

describe('a client’s connection to the helper', () => {
  const dirs = useTempDirs();
  let folder: string;
  let server: net.Server;
  let session: RpcSession;
  let client: MessageConnection;
  let right: { epoch: number; require: () => Promise<void> };
  let called: string[];

  beforeEach(async () => {
    folder = await dirs.make();
    const file = process.platform === 'win32' ? '\\\\.\\pipe\\holdfast-rpc-session' : path.join(folder, 's');
    server = net.createServer();
    await listen(server, file);
    const accepted = once(server, 'connection');
    client = rpcOver(await connect(file));
    client.listen();
    const socket = (await accepted)[0] as net.Socket;
    const token = new ServerToken(folder, own);
    right = { epoch: 7, require: async () => undefined };
    called = [];
    session = new RpcSession(
      { socket, token, version: '1.2.3', right, service: service() },
      { onClose: () => undefined, onUse: () => undefined, onWatch: () => undefined },
    );
  });

  afterEach(() => {
    client.dispose();
    session.close();
    server.close();
  });

  const service = () => {
    const start = async ({ sessionId }: { sessionId: string }) => called.push(`start ${sessionId}`);
    return {
      once: (_: string, mutate: () => unknown) => mutate(),
      start,
      registry: { list: () => [] },
    } as unknown as HelperService;
  };

  /** Has a session started, and returns the code of the error where it is not. */
  const start = (sessionId = 's'): Promise<string> => {
    const launch = { sessionId, file: 'cat', args: [], cwd: '/', env: {}, cols: 80, rows: 24, scrollback: 0 };
    return client.sendRequest(helperMethods.start.method, { requestId: '1', launch }).then(
      () => 'started',
      (error) => (fromResponseError(error) as { code: string }).code,
    );
  };

  /** What the helper answers: its version, or the code of its error. */
  const greet = (token: string): Promise<string> => {
    const hello = { token, protocol: helperProtocol, client: { kind: 'test' as const, pid: 1, version: '0.0.0' } };
    return client.sendRequest(helperMethods.hello.method, hello).then(
      (welcome) => (welcome as { version: string }).version,
      (error) => (fromResponseError(error) as { code: string }).code,
    );
  };

  it('is told which helper it is', async () => {
    const hello = { token: own, protocol: helperProtocol, client: { kind: 'test' as const, pid: 1, version: '0.0.0' } };
    const welcome = await client.sendRequest(helperMethods.hello.method, hello);
    assert.deepEqual(welcome, { protocol: 1, pid: process.pid, version: '1.2.3', epoch: 7 });
  });

  it('asks nothing of a helper that was superseded since the greeting', async () => {
    await greet(own);
    const before = await start();
    right.require = async () => {
      throw new HoldfastError('CONNECTION_LOST', 'superseded');
    };
    assert.deepEqual([before, await start(), called], ['started', 'CONNECTION_LOST', ['start s']]);
  });

  it('has its requests carried out as they came, however long each look at the helper’s right takes', async () => {
    await greet(own);
    const first = new Deferred<void>();
    const looks = [first.promise];
    right.require = async () => looks.shift();
    const started = [start('one'), start('two')];
    // By its answer the helper has both.
    await client.sendRequest(helperMethods.list.method);
    first.resolve();
    await Promise.all(started);
    assert.deepEqual(called, ['start one', 'start two']);
  });

  it('is not greeted by a helper that was superseded', async () => {
    right.require = async () => {
      throw new HoldfastError('CONNECTION_LOST', 'superseded');
    };
    assert.equal(await greet(own), 'CONNECTION_LOST');
  });

  it('is greeted with the token that the helper began with', async () => {
    assert.equal(await greet(own), '1.2.3');
  });

  it('is greeted with another token once that is the one in the file', async () => {
    await writeFile(path.join(folder, 'token'), other, { mode: 0o600 });
    assert.equal(await greet(other), '1.2.3');
  });

  it('has one try, even where the right token follows at once', async () => {
    const answers = await Promise.all([greet(other), greet(own)]);
    assert.deepEqual(answers, ['UNAUTHORIZED', 'UNAUTHORIZED']);
  });
});
