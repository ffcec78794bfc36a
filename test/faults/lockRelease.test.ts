import assert from 'node:assert/strict';
import path from 'node:path';
import { exists } from '../../src/node/exists.ts';
import { tryLock } from '../../src/node/lockFile.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { waitFor } from '../support/waitFor.ts';
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

  it('whose file cannot be removed at first is removed a moment later, so that other processes can have it', async () => {
    const folder = await dirs.make('disk');
    const file = path.join(folder, 'x.lock');
    const attempt = await tryLock(file);
    const disk = new FaultyDisk(folder, { fault: { kind: 'EIO', at: 1 } });
    try {
      await assert.rejects('lock' in attempt ? attempt.lock.release() : Promise.resolve(), { code: 'EIO' });
    } finally {
      disk.restart();
    }
    const isLeft = await exists(file);
    await waitFor(
      () => exists(file),
      (isThere) => !isThere,
      { what: 'the lock to go' },
    );
    assert.equal(isLeft, true);
  });
});
