import assert from 'node:assert/strict';
import { mkdir, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { newRecord } from '../../src/core/sessionRecord.ts';
import { findWorkplace } from '../../src/node/repository.ts';
import { readCommitted, reviewWorktree } from '../../src/node/worktreeReview.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { git, makeRepository } from '../support/repository.ts';
import { tempDirs } from '../support/tempDirs.ts';

describe('a review of a worktree', () => {
  const dirs = tempDirs();
  let root: string;
  let worktree: string;
  let record: SessionRecord;

  beforeEach(async () => {
    root = await makeRepository(path.join(await dirs.make('repository'), 'mit Ümlaut'), { commits: 3 });
    worktree = path.join(root, '.worktrees', 'it ☃');
    await git(root, 'worktree', 'add', '--quiet', '-b', 'feature/it', worktree);
    record = newRecord({
      id: '00000000-0000-4000-8000-000000000001',
      name: 'it',
      branch: 'feature/it',
      baseBranch: 'main',
      baseCommit: await git(root, 'rev-parse', 'main'),
      worktreePath: worktree,
      command: null,
      now: new Date(),
    });
  });
  afterEach(() => dirs.remove());

  const review = async () => reviewWorktree(record, (await findWorkplace(root)).key);
  const files = async () => (await review()).files.map(({ kind, path: file, formerPath }) => [kind, formerPath, file]);
  const write = (file: string, text: string | Uint8Array = 'x\n') => writeFile(path.join(worktree, file), text);
  const commit = async (message: string) => {
    await git(worktree, 'add', '--all');
    await git(worktree, 'commit', '--quiet', '-m', message);
  };

  it('has nothing where nothing was done, and where only the base went on', async () => {
    await git(root, 'rm', '--quiet', 'file-1.txt');
    await git(root, 'commit', '--quiet', '-m', 'Go on');
    const { files: found, base, commit: since } = await review();
    assert.deepEqual([found, base, since], [[], 'main', record.baseCommit]);
  });

  it('has what is committed, staged, changed, deleted, renamed and new, and not what is ignored', async () => {
    await write('.gitignore', 'ignored\n');
    await write('ignored');
    await write('committed');
    await git(worktree, 'mv', 'file-1.txt', 'renämed.txt');
    await commit('Work');
    await write('staged');
    await git(worktree, 'add', 'staged');
    await write('file-2.txt', 'other\n');
    await rm(path.join(worktree, 'file-3.txt'));
    await mkdir(path.join(worktree, 'new folder'));
    await write('new folder/line\nbreak');
    assert.deepEqual(await files(), [
      ['added', undefined, '.gitignore'],
      ['added', undefined, 'committed'],
      ['changed', undefined, 'file-2.txt'],
      ['deleted', undefined, 'file-3.txt'],
      ['added', undefined, 'new folder/line\nbreak'],
      ['renamed', 'file-1.txt', 'renämed.txt'],
      ['added', undefined, 'staged'],
    ]);
  });

  it('leaves out what was undone again', async () => {
    await write('a');
    await commit('Add');
    await git(worktree, 'rm', '--quiet', 'a');
    await commit('Remove');
    assert.deepEqual(await files(), []);
  });

  it('has symbolic links as such, and no submodule and no repository inside', async () => {
    const part = await makeRepository(await dirs.make('part'));
    await git(worktree, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', part, 'part');
    await makeRepository(path.join(worktree, 'inner'));
    await symlink('file-2.txt', path.join(worktree, 'link'));
    await unlink(path.join(worktree, 'file-1.txt'));
    await symlink('elsewhere', path.join(worktree, 'file-1.txt'));
    await git(worktree, 'add', 'link');
    await symlink('.', path.join(worktree, 'link not known'));
    const { files: found } = await review();
    assert.deepEqual(
      found.map(({ path: file, isLink }) => [file, isLink ?? false]),
      [
        ['.gitmodules', false],
        ['file-1.txt', true],
        ['link', true],
        ['link not known', true],
      ],
    );
  });

  it('has a file with conflicts once', async () => {
    await write('file-1.txt', 'here\n');
    await commit('Here');
    await writeFile(path.join(root, 'file-1.txt'), 'there\n');
    await git(root, 'commit', '--quiet', '--all', '-m', 'There');
    await git(worktree, 'merge', 'main').catch(() => undefined);
    assert.deepEqual(await files(), [['changed', undefined, 'file-1.txt']]);
  });

  it('goes by where the session began where its base is gone', async () => {
    await write('a');
    await commit('Add');
    record = { ...record, baseBranch: 'was-there' };
    const { base, files: found } = await review();
    assert.deepEqual([base, found.length], [undefined, 1]);
  });

  it('has everything before the first commit', async () => {
    await git(worktree, 'checkout', '--quiet', '--orphan', 'fresh');
    await git(worktree, 'rm', '--quiet', '--cached', 'file-1.txt');
    const { commit: since, files: found } = await review();
    assert.deepEqual([since, found.map(({ path: file }) => file)], [null, ['file-1.txt', 'file-2.txt', 'file-3.txt']]);
  });

  it('reads what a file was, byte for byte', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await write('picture ü.png', bytes);
    await commit('Add');
    await write('picture ü.png', 'gone\n');
    const read = await readCommitted(worktree, await git(worktree, 'rev-parse', 'HEAD'), 'picture ü.png');
    assert.deepEqual(Uint8Array.from(read), bytes);
  });

  it('reads it with the line ends that a checkout has, so that they are no change', async () => {
    await write('.gitattributes', '*.txt text eol=crlf\n');
    await write('lines.txt', 'a\r\nb\r\n');
    await commit('Add');
    const read = await readCommitted(worktree, await git(worktree, 'rev-parse', 'HEAD'), 'lines.txt');
    assert.deepEqual(Buffer.from(read), await readFile(path.join(worktree, 'lines.txt')));
  });

  it('says of a worktree that is gone where its work is', async () => {
    await rm(worktree, { recursive: true });
    await assert.rejects(review(), { code: 'NO_FOLDER', advice: /on its branch feature\/it\./ });
  });

  it('is refused of the repository around a worktree that has lost its link', async () => {
    await rm(path.join(worktree, '.git'));
    await assert.rejects(review(), { code: 'NO_FOLDER' });
  });

  it('is refused of a session without a worktree', async () => {
    record = { ...record, branch: '' };
    await assert.rejects(review(), { code: 'NO_WORKTREE' });
  });
});
