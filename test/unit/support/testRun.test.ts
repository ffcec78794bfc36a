import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { useTempDirs } from '../../support/tempDirs.ts';
import { beginTestRun } from '../../support/testRun.ts';

describe('a test run', () => {
  const temp = useTempDirs();
  const variables = ['TMPDIR', 'TEMP', 'TMP'] as const;
  const before = variables.map((name) => [name, process.env[name]] as const);

  afterEach(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  it('knows its folder by its real path where the temp folder is a link, as on macOS', async () => {
    const link = join(await temp.make(), 'link');
    await symlink(await temp.make(), link, 'junction');
    for (const name of variables) process.env[name] = link;
    const { folder } = beginTestRun({});
    const real = realpathSync(folder);
    await rm(folder, { recursive: true });
    assert.equal(folder, real);
  });
});
