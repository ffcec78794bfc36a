import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { writeHook } from './support/fakeGit.ts';
import { useProject, withEnvironment } from './support/project.ts';
import { commitFile } from './support/remote.ts';

/** Git trusts no path of this machine as a submodule's place; in a test nothing else is at hand. */
const trustPaths = {
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'protocol.file.allow',
  GIT_CONFIG_VALUE_0: 'always',
};

describeOnUnix('the submodules of a new worktree', () => {
  const project = useProject();
  let part: string;
  beforeEach(async () => {
    const inner = await repository('inner', 'deep.txt');
    part = await repository('part', 'part.txt');
    await addSubmodule(part, inner, 'inner');
    await addSubmodule(project().folder, part, 'parts/part one');
  });

  async function repository(name: string, file: string): Promise<string> {
    const folder = await project().newFolder(name);
    await git(folder, 'init', '--quiet', '--initial-branch=main');
    await git(folder, 'config', 'user.name', 'Test');
    await git(folder, 'config', 'user.email', 'test@example.invalid');
    await commitFile(folder, file);
    return folder;
  }

  async function addSubmodule(folder: string, from: string, to: string): Promise<void> {
    await git(folder, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', from, to);
    await git(folder, 'commit', '--quiet', '--message=submodule');
  }

  const open = (submodules: 'never' | 'init') =>
    project().open({ settings: { worktree: { base: 'head', fetch: false, submodules } } });
  const filesIn = (folder: string) => readdir(path.join(folder, 'parts', 'part one')).then((names) => names.sort());

  it('are left alone where nobody asks for them', async () => {
    const window = await open('never');
    const { record } = await window.create({ command: ['cat'] });
    assert.deepEqual(await filesIn(record.worktreePath), []);
  });

  it('are checked out by the setting, with theirs', async () => {
    const window = await open('init');
    const { record } = await withEnvironment(trustPaths, () => window.create({ command: ['cat'] }));
    const inner = path.join(record.worktreePath, 'parts', 'part one', 'inner', 'deep.txt');
    assert.deepEqual(
      [await filesIn(record.worktreePath), existsSync(inner), await git(record.worktreePath, 'status', '--porcelain')],
      [['.git', '.gitmodules', 'inner', 'part.txt'], true, ''],
    );
  });

  it('are checked out for the one session that asks for them', async () => {
    const window = await open('never');
    const { record } = await withEnvironment(trustPaths, () => window.create({ command: ['cat'], submodules: true }));
    assert.equal((await filesIn(record.worktreePath)).includes('part.txt'), true);
  });

  it('leave nothing of a session whose submodules cannot be had', async () => {
    const window = await open('init');
    const before = await project().traces(window);
    const error = await window.create({ command: ['cat'] }).catch((failure) => failure);
    assert.deepEqual([error.code, error.data.kept, await project().traces(window)], ['GIT_FAILED', undefined, before]);
  });

  it('leave nothing of a session whose command cannot be started once they are there', async () => {
    const window = await open('init');
    const before = await project().traces(window);
    const attempt = () => window.create({ command: './none' });
    const error = await withEnvironment(trustPaths, () => attempt().catch((failure) => failure));
    const modules = await readdir(path.join(project().folder, '.git', 'worktrees')).catch(() => []);
    assert.deepEqual(
      [error.code, error.data.kept, await project().traces(window), modules],
      ['COMMAND_NOT_FOUND', undefined, before, []],
    );
  });
});

describeOnUnix('a sparse checkout', () => {
  const project = useProject();

  const shapes: [what: string, args: string[], files: string[]][] = [
    ['of folders', ['--cone', 'docs'], ['docs', 'file-1.txt']],
    ['of patterns', ['--no-cone', '/src/*.md', '!/file-1.txt'], ['src']],
  ];
  for (const [what, args, files] of shapes) {
    it(`${what} is one in the session’s worktree, too`, async () => {
      const { folder } = project();
      for (const file of ['docs/a.md', 'src/b.md', 'src/c.ts']) await commitFile(folder, file);
      await project().git('sparse-checkout', 'set', ...args);
      const window = await project().open();
      const { record } = await window.create({ command: ['cat'] });
      const names = (await readdir(record.worktreePath)).filter((name) => name !== '.git').sort();
      assert.deepEqual([names, await git(record.worktreePath, 'status', '--porcelain')], [files, '']);
    });
  }
});

describeOnUnix('a repository with a filter for large files', () => {
  const project = useProject();

  it('has it run for the session’s worktree', async () => {
    const { folder } = project();
    await mkdir(path.join(folder, 'big'));
    await writeFile(path.join(folder, '.gitattributes'), '*.bin filter=large\n');
    await project().git('config', 'filter.large.clean', 'sed s/^content-/pointer-/');
    await project().git('config', 'filter.large.smudge', 'sed s/^pointer-/content-/');
    await project().git('config', 'filter.large.required', 'true');
    await commitFile(folder, '.gitattributes', '*.bin filter=large\n');
    await commitFile(folder, 'big/one.bin', 'content-one\n');
    const stored = await project().git('show', 'HEAD:big/one.bin');
    const window = await project().open();
    const { record } = await window.create({ command: ['cat'] });
    const there = await readFile(path.join(record.worktreePath, 'big', 'one.bin'), 'utf8');
    assert.deepEqual(
      [stored, there, await git(record.worktreePath, 'status', '--porcelain')],
      ['pointer-one', 'content-one\n', ''],
    );
  });
});

describeOnUnix('the hooks that run while a worktree is made', () => {
  const project = useProject();

  it('see text in the user’s own encoding, and nothing of the editor', async () => {
    const seen = path.join(await project().newFolder('seen'), 'hook.log');
    await writeHook(project(), 'post-checkout', `echo "[$LC_ALL|$LC_CTYPE|$VSCODE_PID]" > '${seen}'`);
    const window = await project().open();
    const env = { LC_ALL: 'de_DE.UTF-8', VSCODE_PID: '1' };
    await withEnvironment(env, () => window.create({ command: ['cat'] }));
    assert.equal(await readFile(seen, 'utf8'), '[|de_DE.UTF-8|]\n');
  });
});
