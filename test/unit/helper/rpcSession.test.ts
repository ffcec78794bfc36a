import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import type { MessageConnection } from 'vscode-jsonrpc';
import type { HelperService } from '../../../src/helper/helperService.ts';
import { RpcSession } from '../../../src/helper/rpcSession.ts';
import { fromResponseError, rpcOver } from '../../../src/node/rpcConnection.ts';
import { connect, listen } from '../../../src/node/sockets.ts';
import { ServerToken } from '../../../src/node/token.ts';
import { helperMethods } from '../../../src/protocol/helperRpc.ts';
import { helperProtocol } from '../../../src/protocol/versions.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

const right = { epoch: 7, require: async () => undefined };
const [own, other] = ['1'.repeat(64), '2'.repeat(64)] as const;

describe('a client’s connection to the helper', () => {
  const dirs = useTempDirs();
  let folder: string;
  let server: net.Server;
  let session: RpcSession;
  let client: MessageConnection;

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
    session = new RpcSession({ socket, token, version: '1.2.3', right, service: {} as HelperService }, () => undefined);
  });

  afterEach(() => {
    client.dispose();
    session.close();
    server.close();
  });

  /** What the helper answers: its version, or the code of its error. */
  const greet = (token: string): Promise<string> => {
    const hello = { token, protocol: helperProtocol, client: { kind: 'test' as const, pid: 1, version: '0.0.0' } };
    return client.sendRequest(helperMethods.hello.method, hello).then(
      (welcome) => (welcome as { version: string }).version,
      (error) => (fromResponseError(error) as { code: string }).code,
    );
  };

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
