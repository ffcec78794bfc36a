import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { withFreeSocket } from '../../../src/helper/takeOver.ts';
import { repositoryPlaces, thisMachine } from '../../../src/node/places.ts';
import { listen } from '../../../src/node/sockets.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { describeOnUnix } from '../../support/unix.ts';

/** A socket stands for a pipe here. */
describeOnUnix('the name a helper listens at', () => {
  const dirs = useTempDirs();
  const right = { epoch: 7 };

  const nameOf = async (platform: NodeJS.Platform, isTaken: boolean): Promise<string> => {
    const folder = await dirs.make();
    await chmod(folder, 0o700);
    const helperSocket = path.join(folder, 's');
    const server = net.createServer();
    if (isTaken) await listen(server, helperSocket);
    const places = { ...repositoryPlaces(thisMachine(), '0'.repeat(16)), helperSocket };
    const name = (await withFreeSocket(places, right, platform)).helperSocket;
    server.close();
    return path.basename(name);
  };

  it('is its repository’s', async () => {
    assert.deepEqual([await nameOf('win32', false), await nameOf('linux', false)], ['s', 's']);
  });

  it('is its own on Windows while a superseded one has the other still', async () => {
    assert.deepEqual([await nameOf('win32', true), await nameOf('linux', true)], ['s-7', 's']);
  });
});
