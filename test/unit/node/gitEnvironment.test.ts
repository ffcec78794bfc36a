import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { repositoryVariables } from '../../../src/core/misleadingVariables.ts';
import { git } from '../../../src/node/git.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

describe('our own git', () => {
  const dirs = useTempDirs();
  const inherited = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY', 'GIT_PREFIX'];
  const before = inherited.map((name) => [name, process.env[name]] as const);
  afterEach(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  it('works in its folder, whatever repository the git that started the editor was in', async () => {
    const folder = await dirs.make('repository');
    await git(['init', '-q'], { cwd: folder });
    for (const name of inherited) process.env[name] = path.join(folder, 'elsewhere');
    const place = await git(['rev-parse', '--show-toplevel', '--git-path', 'index'], { cwd: folder });
    assert.equal(place, `${folder}\n.git/index\n`);
  });

  it('inherits no variable that git counts to a repository, but the user’s own configuration', () => {
    const local = execFileSync('git', ['rev-parse', '--local-env-vars'], { encoding: 'utf8' }).trim().split('\n');
    const kept = local.filter((name) => !repositoryVariables.includes(name));
    assert.deepEqual(kept.sort(), ['GIT_CONFIG_COUNT', 'GIT_CONFIG_PARAMETERS']);
  });
});
