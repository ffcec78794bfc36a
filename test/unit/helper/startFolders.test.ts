import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { open, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Deferred, withDeadline } from '../../../src/base/async.ts';
import { DiskQuestions } from '../../../src/helper/diskQuestions.ts';
import { SilentDiskError, StartFolders } from '../../../src/helper/startFolders.ts';
import { silentLog } from '../../../src/node/log.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { itOnUnix } from '../../support/unix.ts';

describe('the folder that a session is started in', () => {
  const dirs = useTempDirs();

  it('is there, or is gone, also where a file is in its place or above it', async () => {
    const folder = await dirs.make();
    await writeFile(path.join(folder, 'file'), '');
    const folders = new StartFolders(new DiskQuestions(silentLog));
    const said: string[] = [];
    for (const name of ['', 'none', 'file', 'file/none'])
      said.push(await whatOf(folders.require('a', path.join(folder, name))));
    const gone = (name: string) => `its folder ${path.join(folder, name)} is gone`;
    assert.deepEqual(said, ['there', gone('none'), gone('file'), gone('file/none')]);
  });

  it('is on a disk that does not answer, which is asked once until it does', async () => {
    const { folders, disk, asked } = onHangingDisk();
    const said = [await whatOf(folders.require('a', '/far')), await whatOf(folders.require('a', '/far'))];
    const askedMeanwhile = asked.length;
    disk.resolve(true);
    await new Promise(setImmediate);
    said.push(await whatOf(folders.require('a', '/far')));
    const silent = 'silent: the disk of its folder /far does not answer';
    assert.deepEqual([said, askedMeanwhile, asked.length], [[silent, silent, 'there'], 1, 2]);
  });

  it('is not asked about where others have no answer, for each holds one of the few threads of all file work', async () => {
    const { folders, asked } = onHangingDisk();
    const said = await Promise.all(['a', 'b', 'c', 'd'].map((id) => whatOf(folders.require(id, `/far/${id}`))));
    const kept = (id: string) => `silent: disks that do not answer keep its folder /far/${id} from being looked at`;
    assert.deepEqual(
      [asked, said.slice(2)],
      [
        ['/far/a', '/far/b'],
        [kept('c'), kept('d')],
      ],
    );
  });

  itOnUnix('leaves the helper threads to read with, however many disks hang', async () => {
    const folder = await dirs.make();
    const fifos = ['a', 'b', 'c', 'd'].map((name) => path.join(folder, name));
    execFileSync('mkfifo', fifos);
    // Nobody writes to it, so that this hangs as a disk does.
    const look = async (fifo: string) => (await open(fifo, 'r')).close().then(() => true);
    const folders = new StartFolders(new DiskQuestions(silentLog, 50), look);
    const asked = Promise.all(fifos.map((fifo) => whatOf(folders.require(fifo, fifo))));
    try {
      await asked;
      await withDeadline(stat(folder), 5_000, () => new Error('no thread is left'));
    } finally {
      // Without one of those threads, which are all taken where this fails.
      for (const fifo of fifos) closeSync(openSync(fifo, 'r+'));
    }
  });

  it('is asked about of each of many sessions that are due together', async () => {
    const folders = new StartFolders(new DiskQuestions(silentLog), async () => true);
    const said = await Promise.all([...'abcdefgh'].map((id) => whatOf(folders.require(id, `/near/${id}`))));
    assert.deepEqual(said, Array(8).fill('there'));
  });

  /** A disk that hangs cannot be had here. */
  const onHangingDisk = () => {
    const disk = new Deferred<boolean>();
    const asked: string[] = [];
    const look = (folder: string) => {
      asked.push(folder);
      return disk.promise;
    };
    return { folders: new StartFolders(new DiskQuestions(silentLog, 1), look), disk, asked };
  };

  const whatOf = (looked: Promise<void>) =>
    looked.then(
      () => 'there',
      (error) => `${error instanceof SilentDiskError ? 'silent: ' : ''}${error.message}`,
    );
});
