import assert from 'node:assert/strict';
import { mkdir, readdir, symlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import { withGlobs } from '../../../src/node/gitGlobs.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

describe('the folder in which globs are matched', () => {
  const dirs = useTempDirs();
  const before = process.env.TMPDIR;
  afterEach(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  });

  it('is gone afterwards, with those that killed processes have left a day ago, and no others', async () => {
    const folder = await dirs.make('temp');
    process.env.TMPDIR = folder;
    for (const name of ['holdfast-globs-old', 'holdfast-globs-young', 'mine']) {
      await mkdir(path.join(folder, name, '.git'), { recursive: true });
      if (name !== 'holdfast-globs-young') await utimes(path.join(folder, name), 0, 0);
    }
    await symlink(path.join(folder, 'mine'), path.join(folder, 'holdfast-globs-link'));
    const matched = await withGlobs((match) => match(['*.env', '!b.env'], ['a.env', 'b.env', 'c']));
    assert.deepEqual(
      [[...matched], (await readdir(folder)).sort()],
      [['a.env'], ['holdfast-globs-link', 'holdfast-globs-young', 'mine']],
    );
  });
});
