import assert from 'node:assert/strict';
import path from 'node:path';
import { exists } from '../../src/node/exists.ts';
import { tryLock } from '../../src/node/lockFile.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { FaultyDisk } from './support/faultyDisk.ts';

describe('a lock', () => {
  const dirs = useTempDirs();

  it('on a disk without links has one owner until that gives it up', async () => {
    const folder = await dirs.make('disk');
    const file = path.join(folder, 'x.lock');
    const disk = new FaultyDisk(folder, { lacks: ['link'] });
    try {
      const attempts = await Promise.all(Array.from({ length: 10 }, () => tryLock(file)));
      const had = attempts.filter((attempt) => 'lock' in attempt);
      for (const { lock } of had) await lock.release();
      const again = await tryLock(file);
      if ('lock' in again) await again.lock.release();
      assert.deepEqual([had.length, 'lock' in again, await exists(file)], [1, true, false]);
    } finally {
      disk.restart();
    }
  });
});
