import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { silentLog } from '../../../src/node/log.ts';
import { connect, isListenedAt, prepareSocketFolder, ServerSocket } from '../../../src/node/sockets.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { waitFor } from '../../support/waitFor.ts';

describe('the socket folder', () => {
  if (process.platform === 'win32') return;
  const dirs = useTempDirs();
  let folder: string;
  beforeEach(async () => {
    folder = path.join(await dirs.make(), 'sockets');
  });

  it('is made for the user alone', async () => {
    await prepareSocketFolder(folder);
    assert.equal((await lstat(folder)).mode & 0o777, 0o700);
  });

  it('may be there already', async () => {
    await prepareSocketFolder(folder);
    await prepareSocketFolder(folder);
  });

  it('is refused where others may enter it', async () => {
    await mkdir(folder);
    await chmod(folder, 0o755);
    await assert.rejects(prepareSocketFolder(folder), { code: 'UNSAFE_FOLDER', data: { folder } });
  });

  it('is refused where it is a link that somebody else could have put there', async () => {
    await mkdir(`${folder}-real`, { mode: 0o700 });
    await symlink(`${folder}-real`, folder);
    await assert.rejects(prepareSocketFolder(folder), { code: 'UNSAFE_FOLDER' });
  });

  it('is refused with advice where a file is in its place', async () => {
    await writeFile(folder, '');
    await assert.rejects(prepareSocketFolder(folder), { code: 'STORAGE_NOT_WRITABLE' });
  });
});

describe('a socket', () => {
  const dirs = useTempDirs();
  let socket: string;
  let served: ServerSocket;
  beforeEach(async () => {
    socket =
      process.platform === 'win32'
        ? `\\\\.\\pipe\\holdfast-test-${process.pid}`
        : path.join(await dirs.make(), 'folder', 's');
    await prepareSocketFolder(path.dirname(socket));
    const server = net.createServer((connection) => connection.on('error', () => undefined).end('ours'));
    served = new ServerSocket({ server, path: socket, log: silentLog, interval: 20 });
  });
  afterEach(() => served.close());

  it('takes the place of one that a killed process left', async () => {
    if (process.platform !== 'win32') await writeFile(socket, '');
    await served.open();
    (await connect(socket)).destroy();
  });

  it('that nobody listens at is an error of the system', async () => {
    await assert.rejects(connect(socket), { code: 'ENOENT' });
  });

  it('that answers too late is left when its caller gives up', async () => {
    await served.open();
    const controller = new AbortController();
    const connecting = connect(socket, controller.signal);
    controller.abort(new Error('enough'));
    await assert.rejects(connecting, { message: 'enough' });
  });

  it('is listened at by its server alone', async () => {
    const before = await isListenedAt(socket);
    await served.open();
    assert.deepEqual([before, await isListenedAt(socket)], [false, true]);
  });

  it('has something else looked at as often, one look at a time, until it is closed', async () => {
    let [looks, atOnce, most] = [0, 0, 0];
    const alsoCheck = async () => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, 30));
      atOnce--;
      looks++;
    };
    const other = new ServerSocket({
      server: net.createServer(),
      path: `${socket}2`,
      log: silentLog,
      interval: 5,
      alsoCheck,
    });
    await other.open();
    await waitFor(() => looks >= 3);
    other.close();
    await waitFor(() => atOnce === 0);
    const ended = looks;
    // That nothing happens can only be seen by waiting, for several looks.
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual([most, looks], [1, ended]);
  });

  if (process.platform === 'win32') return;

  it('that a killed process left is listened at by nobody', async () => {
    await writeFile(socket, '');
    assert.equal(await isListenedAt(socket), false);
  });

  it('of another server that is gone is replaced once its owner has the right to', async () => {
    await served.open();
    await rm(socket);
    const other = net.createServer((connection) => connection.end('theirs'));
    await new Promise<void>((resolve) => other.listen(socket, resolve));
    await served.reclaim();
    const answer = await ask(socket);
    assert.equal(answer, 'ours');
    other.close();
  });

  it('is made again where it was removed, as often as that happens', async () => {
    await served.open();
    const answers: string[] = [];
    for (let time = 0; time < 3; time++) {
      await rm(socket);
      answers.push(await waitFor(() => ask(socket)));
    }
    assert.deepEqual(answers, ['ours', 'ours', 'ours']);
  });

  it('is made again where its folder was removed with it', async () => {
    await served.open();
    await rm(path.dirname(socket), { recursive: true });
    assert.equal(await waitFor(() => ask(socket)), 'ours');
  });

  it('is not made again once it was closed', async () => {
    await served.open();
    served.close();
    // That nothing happens can only be seen by waiting, for several looks.
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(await ask(socket), '');
  });

  it('of somebody else in its place is left alone, also at the end', async () => {
    await served.open();
    await rm(socket);
    const other = net.createServer((connection) => connection.end('theirs'));
    await new Promise<void>((resolve) => other.listen(socket, resolve));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const during = await ask(socket);
    served.close();
    assert.deepEqual([during, await ask(socket)], ['theirs', 'theirs']);
    other.close();
  });
});

/** What the server says; nothing where there is none. */
async function ask(socket: string): Promise<string> {
  const connection = await connect(socket).catch(() => undefined);
  let answer = '';
  for await (const chunk of connection ?? []) answer += String(chunk);
  return answer;
}
