import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { exists } from '../../../src/node/exists.ts';
import { removeUnlessNeeded } from '../../../src/node/worktreeRemoval.ts';
import { git, makeRepository } from '../../support/repository.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

describe('removing a worktree', () => {
  const dirs = useTempDirs();
  let root: string;
  let folder: string;
  let file: string;
  beforeEach(async () => {
    root = await makeRepository(await dirs.make('project'));
    folder = path.join(await dirs.make('worktrees'), 'login');
    file = path.join(folder, 'file-1.txt');
    await git(root, 'worktree', 'add', '--quiet', '-b', 'login', folder);
  });

  const remove = async () => {
    const kept = await removeUnlessNeeded({ root, path: folder, branch: 'login', base: 'main', ownsBranch: true });
    const branch = await git(root, 'for-each-ref', 'refs/heads/login');
    return { kept: kept?.reason, folder: existsSync(folder) ? 'there' : 'gone', branch: branch ? 'there' : 'gone' };
  };
  const gone = { kept: undefined, folder: 'gone', branch: 'gone' };
  const keptFor = (kept: string) => ({ kept, folder: 'there', branch: 'there' });

  for (const mark of ['--skip-worktree', '--assume-unchanged']) {
    it(`keeps it for a changed file that is marked ${mark}`, async () => {
      await git(folder, 'update-index', mark, 'file-1.txt');
      await writeFile(file, 'changed');
      assert.deepEqual(await remove(), keptFor('1 uncommitted file'));
    });

    it(`does not keep it for an unchanged file that is marked ${mark}`, async () => {
      await git(folder, 'update-index', mark, 'file-1.txt');
      assert.deepEqual(await remove(), gone);
    });
  }

  it('keeps it for a folder or a link in the place of a marked file', async () => {
    await writeFile(path.join(folder, 'file-2.txt'), 'two');
    await git(folder, 'add', '--all');
    await git(folder, 'commit', '--quiet', '--message=two');
    await git(root, 'merge', '--quiet', 'login');
    await git(folder, 'update-index', '--skip-worktree', 'file-1.txt', 'file-2.txt');
    await rm(file);
    await mkdir(file);
    await rm(path.join(folder, 'file-2.txt'));
    await symlink('elsewhere', path.join(folder, 'file-2.txt'));
    assert.deepEqual(await remove(), keptFor('2 uncommitted files'));
  });

  it('compares where a marked link leads', async () => {
    await symlink('file-1.txt', path.join(folder, 'link'));
    await git(folder, 'add', '--all');
    await git(folder, 'commit', '--quiet', '--message=link');
    await git(root, 'merge', '--quiet', 'login');
    await git(folder, 'update-index', '--skip-worktree', 'link');
    await rm(path.join(folder, 'link'));
    await symlink('elsewhere', path.join(folder, 'link'));
    const changed = await remove();
    await rm(path.join(folder, 'link'));
    await symlink('file-1.txt', path.join(folder, 'link'));
    assert.deepEqual([changed, await remove()], [keptFor('1 uncommitted file'), gone]);
  });

  it('does not take the line endings of a marked file for a change', async () => {
    await git(folder, 'config', 'core.autocrlf', 'true');
    await git(folder, 'update-index', '--skip-worktree', 'file-1.txt');
    await writeFile(file, 'Commit 1\r\n');
    assert.deepEqual(await remove(), gone);
  });

  it('does not keep a sparse one for files that were never written', async () => {
    await git(folder, 'sparse-checkout', 'set', '--no-cone', '/nothing');
    assert.deepEqual([existsSync(file), await remove()], [false, gone]);
  });

  it('keeps it for a file that the main checkout only links to', async () => {
    await exclude('.env');
    await writeFile(path.join(folder, '.env'), 'secret');
    await symlink(path.join(folder, '.env'), path.join(root, '.env'));
    assert.deepEqual(await remove(), keptFor('1 ignored file: .env'));
  });

  it('keeps it for another worktree that lies in it, however deep', async () => {
    await exclude('build/');
    const inner = path.join(folder, 'build', 'a', 'b', 'c', 'agent');
    await git(root, 'worktree', 'add', '--quiet', '--detach', inner);
    assert.deepEqual(await remove(), keptFor(`the worktree ${inner} lies in it`));
  });

  it('does not keep it for another worktree that lay in it once', async () => {
    await exclude('build/');
    const inner = path.join(folder, 'build', 'agent');
    await git(root, 'worktree', 'add', '--quiet', '--detach', inner);
    await rm(inner, { recursive: true });
    assert.deepEqual(await remove(), gone);
  });

  it('keeps what was staged in one that was moved away by hand', async () => {
    const moved = path.join(await dirs.make('moved'), 'login');
    await writeFile(file, 'staged');
    await git(folder, 'add', '--all');
    await rename(folder, moved);
    const result = await remove();
    assert.deepEqual(
      { ...result, staged: await git(moved, 'diff', '--cached', '--name-only') },
      {
        kept: '1 staged file in the repository; the worktree itself was gone already',
        folder: 'gone',
        branch: 'there',
        staged: 'file-1.txt',
      },
    );
  });

  it('removes what git has of one that was moved away with nothing staged', async () => {
    await rename(folder, path.join(await dirs.make('moved'), 'login'));
    const result = await remove();
    const entries = (await git(root, 'worktree', 'list')).split('\n').length;
    assert.deepEqual({ ...result, entries }, { ...gone, entries: 1 });
  });

  it('keeps what git has of one that cannot be seen', async () => {
    await rename(folder, `${folder}-moved`);
    await symlink(folder, folder);
    const { kept, branch } = await remove();
    assert.deepEqual([kept?.includes('ELOOP'), branch], [true, 'there']);
  });

  it('keeps a file that has taken its place', async () => {
    await rm(folder, { recursive: true });
    await writeFile(folder, '');
    assert.deepEqual(await remove(), keptFor('it is no worktree any more'));
  });

  const exclude = (line: string) => appendFile(path.join(root, '.git', 'info', 'exclude'), `${line}\n`);
});

describe('whether something exists', () => {
  const dirs = useTempDirs();

  it('is told of what is there, what is not, and what is below a file', async () => {
    const folder = await dirs.make();
    await writeFile(path.join(folder, 'file'), '');
    const answers = ['file', 'none', 'file/below'].map((name) => exists(path.join(folder, name)));
    assert.deepEqual(await Promise.all(answers), [true, false, false]);
  });

  it('is not denied of what cannot be looked at', async () => {
    const file = path.join(await dirs.make(), 'loop');
    await symlink(file, file);
    await assert.rejects(exists(file), { code: 'ELOOP' });
  });
});
