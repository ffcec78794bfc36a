import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { git } from '../../../src/node/git.ts';
import { chooseGit, gitEnvironmentOf, gitProgram } from '../../../src/node/gitProgram.ts';
import { systemFolder } from '../../../src/node/systemPrograms.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { describeOnUnix } from '../../support/unix.ts';

describe('the git that is run', () => {
  afterEach(() => chooseGit(undefined));

  it('is the chosen one, else that of the environment, else the first on the path', () => {
    const seen = [gitProgram({}, { platform: 'linux' }), gitProgram({ HOLDFAST_GIT: '/opt/git' })];
    chooseGit('/usr/local/bin/git');
    seen.push(gitProgram({ HOLDFAST_GIT: '/opt/git' }));
    assert.deepEqual(seen, ['git', '/opt/git', '/usr/local/bin/git']);
  });

  it('is on Windows never one of the folder that it is run in', () => {
    const files = ['C:\\Program Files\\Git\\cmd\\git.exe', 'git.exe', '.\\git.exe', 'bin\\git.exe'];
    const options = { platform: 'win32' as const, isFile: (file: string) => files.includes(file) };
    const found = (list: string) => gitProgram({ Path: list }, options);
    assert.deepEqual(
      [found('.;;bin;C:bin;"C:\\Program Files\\Git\\cmd";C:\\other'), found('.;bin')],
      [files[0], path.win32.join(systemFolder, 'git.exe')],
    );
  });

  it('is told to what is started only where it was chosen', () => {
    const before = gitEnvironmentOf();
    chooseGit('/usr/local/bin/git');
    assert.deepEqual([before, gitEnvironmentOf()], [{}, { HOLDFAST_GIT: '/usr/local/bin/git' }]);
  });

  describeOnUnix('at a path of its own', () => {
    const dirs = useTempDirs();

    it('is run in the place of the one on the path, also where it can be cancelled', async () => {
      const program = path.join(await dirs.make(), 'my git');
      await writeFile(program, '#!/bin/sh\necho "mine: $*"\n');
      await chmod(program, 0o755);
      chooseGit(program);
      const [plain, watched] = [{}, { signal: new AbortController().signal }].map((options) =>
        git(['status', 'a b'], { cwd: '/', ...options }),
      );
      assert.deepEqual([await plain, await watched], ['mine: status a b\n', 'mine: status a b\n']);
    });

    it('is missing where it was removed', async () => {
      chooseGit('/no/such/git');
      await assert.rejects(git(['--version'], { cwd: '/' }), { code: 'GIT_MISSING' });
    });
  });
});
