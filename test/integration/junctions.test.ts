import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { removeWorktree } from '../../src/node/gitWorktreeRemove.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { withGit } from './support/fakeGit.ts';
import { useProject } from './support/project.ts';

/** As git for Windows does with junctions: it removes what links to folders lead to before it removes a worktree. */
const followsLinks = `case "$*" in "worktree remove"*)
  for last; do :; done
  find "$last" -type l ! -name tracked | while read -r link; do find "$link/" -type f -delete; done;;
esac`;

describeOnUnix('a worktree that is removed on Windows, where git follows links to folders', () => {
  const project = useProject();
  let tree: string;
  const main = (file: string) => path.join(project().folder, file);
  beforeEach(async () => {
    tree = path.join(await project().newFolder('trees'), 'one');
    await symlink('.', main('tracked'));
    await writeFile(main('.gitignore'), 'node_modules\nfile\n');
    await project().git('add', 'tracked', '.gitignore');
    await project().git('commit', '--quiet', '-m', 'A link');
    await project().git('worktree', 'add', '--quiet', tree);
    await mkdir(main('node_modules/a'), { recursive: true });
    await writeFile(main('node_modules/a/index.js'), 'precious');
    await mkdir(path.join(tree, 'packages', 'b'), { recursive: true });
    for (const folder of ['', 'packages/b'])
      await symlink(main('node_modules'), path.join(tree, folder, 'node_modules'));
    await symlink(main('node_modules/a/index.js'), path.join(tree, 'file'));
  });

  const remove = (...options: string[]) =>
    withGit(project(), followsLinks, () =>
      removeWorktree({ root: project().folder, path: tree, options, platform: 'win32' }),
    );

  for (const options of [[], ['--force']]) {
    it(`leaves what they lead to: git worktree remove ${options.join(' ')}`, async () => {
      await remove(...options);
      assert.deepEqual(
        [existsSync(tree), await readFile(main('node_modules/a/index.js'), 'utf8')],
        [false, 'precious'],
      );
    });
  }

  it('has its links again where git refuses to remove it', async () => {
    await writeFile(path.join(tree, 'work.txt'), 'not committed');
    await assert.rejects(remove(), { code: 'GIT_FAILED' });
    const links = ['node_modules', 'packages/b/node_modules'].map((link) => readlink(path.join(tree, link)));
    assert.deepEqual(
      [await Promise.all(links), await git(tree, 'status', '--porcelain')],
      [[main('node_modules'), main('node_modules')], '?? work.txt'],
    );
  });
});
