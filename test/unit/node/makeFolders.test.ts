import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeFolders } from '../../../src/node/makeFolders.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

/** Refuses every new folder as if what is above it were missing. */
const onLinux = process.platform === 'linux' ? it : it.skip;

describe('making folders', () => {
  const dirs = useTempDirs();

  it('makes those that are missing, and tells which is the uppermost of them', async () => {
    const folder = await dirs.make();
    const innermost = path.join(folder, 'a', 'b', 'c');
    const made = [await makeFolders(innermost), await makeFolders(innermost)];
    assert.deepEqual([(await stat(innermost)).isDirectory(), made], [true, [path.join(folder, 'a'), undefined]]);
  });

  it('made by twenty at once are there for each of them', async () => {
    const folder = path.join(await dirs.make(), 'a', 'b');
    const makers = Array.from({ length: 20 }, () => makeFolders(folder).then(() => stat(folder)));
    assert.equal(
      (await Promise.all(makers)).every((entry) => entry.isDirectory()),
      true,
    );
  });

  it('says what is in the way', async () => {
    const file = path.join(await dirs.make(), 'file');
    await writeFile(file, '');
    const codes = [file, path.join(file, 'a')].map((folder) => makeFolders(folder).catch(({ code }) => code));
    assert.deepEqual(await Promise.all(codes), ['EEXIST', 'ENOTDIR']);
  });

  onLinux('ends where no folder can be made (Linux alone has such a file system)', async () => {
    await assert.rejects(makeFolders('/proc/holdfast/state'), { code: 'ENOENT' });
  });
});
