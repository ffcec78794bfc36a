import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, symlink, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { connect, listen, prepareSocketFolder } from '../../../src/node/sockets.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

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
  let server: net.Server;
  beforeEach(async () => {
    socket =
      process.platform === 'win32' ? `\\\\.\\pipe\\holdfast-test-${process.pid}` : path.join(await dirs.make(), 's');
    server = net.createServer((connection) => connection.end());
  });
  afterEach(() => server.close());

  it('takes the place of one that a killed process left', async () => {
    if (process.platform !== 'win32') await writeFile(socket, '');
    await listen(server, socket);
    (await connect(socket)).destroy();
  });

  it('that nobody listens at is an error of the system', async () => {
    await assert.rejects(connect(socket), { code: 'ENOENT' });
  });

  it('that answers too late is left when its caller gives up', async () => {
    await listen(server, socket);
    const controller = new AbortController();
    const connecting = connect(socket, controller.signal);
    controller.abort(new Error('enough'));
    await assert.rejects(connecting, { message: 'enough' });
  });
});
