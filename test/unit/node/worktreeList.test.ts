import assert from 'node:assert/strict';
import { chmod, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { listWorktrees, parseWorktrees, type WorktreeEntry } from '../../../src/node/repository.ts';
import { git, makeRepository } from '../../support/repository.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { itOnUnix } from '../../support/unix.ts';

describe('the list of worktrees', () => {
  const dirs = useTempDirs();
  let root: string;
  let folder: string;
  beforeEach(async () => {
    root = await makeRepository(await dirs.make('project'));
    folder = await dirs.make('worktrees');
  });

  const add = async (name: string, ...args: string[]): Promise<string> => {
    await git(root, 'worktree', 'add', '--quiet', ...args, path.join(folder, name));
    return path.join(folder, name);
  };
  const listed = async (): Promise<Omit<WorktreeEntry, 'head'>[]> =>
    (await listWorktrees(root)).slice(1).map(({ head: _, ...entry }) => entry);

  it('has the main checkout first', async () => {
    const worktree = await add('login', '-b', 'login');
    assert.deepEqual(
      (await listWorktrees(worktree)).map((entry) => [entry.path, entry.branch]),
      [
        [root, 'main'],
        [worktree, 'login'],
      ],
    );
  });

  itOnUnix('has paths with blanks, quotes, accents and newlines as they are', async () => {
    const names = ['a blank', '"quoted"', 'é', 'two\nworktree lines', 'tab\t\\'];
    const paths = [];
    for (const [number, name] of names.entries()) paths.push(await add(name, '-b', `b${number}`));
    assert.deepEqual((await listed()).map((entry) => entry.path).sort(), paths.sort());
  });

  it('says which ones have no branch', async () => {
    const worktree = await add('detached', '--detach');
    assert.deepEqual(await listed(), [{ path: worktree, isDetached: true }]);
  });

  it('says which ones are locked, and why', async () => {
    const worktree = await add('locked', '-b', 'locked');
    const other = await add('locked-too', '-b', 'locked-too');
    await git(root, 'worktree', 'lock', '--reason', 'on a\nstick “é”', worktree);
    await git(root, 'worktree', 'lock', other);
    assert.deepEqual(await listed(), [
      { path: worktree, branch: 'locked', lockReason: 'on a\nstick “é”' },
      { path: other, branch: 'locked-too', lockReason: '' },
    ]);
  });

  it('says which ones git would forget, and why', async () => {
    const worktree = await add('gone', '-b', 'gone');
    await rm(worktree, { recursive: true });
    const [entry] = await listed();
    assert.match(entry?.prunableReason ?? '', /non-existent location/);
  });

  it('says where the repository is bare', async () => {
    const bare = path.join(folder, 'bare.git');
    await git(root, 'clone', '--quiet', '--bare', '.', bare);
    assert.deepEqual(await listWorktrees(bare), [{ path: bare, isBare: true }]);
  });

  itOnUnix('is read from a git that does not know -z', async () => {
    const worktree = await add('login', '-b', 'login');
    const bin = await dirs.make('bin');
    const script = `case "$*" in *-z*) echo 'unknown switch' >&2; exit 129;; esac\nPATH='${process.env.PATH}' exec git "$@"`;
    await writeFile(path.join(bin, 'git'), `#!/bin/sh\n${script}\n`);
    await chmod(path.join(bin, 'git'), 0o755);
    const before = process.env.PATH;
    process.env.PATH = `${bin}${path.delimiter}${before}`;
    try {
      assert.deepEqual(await listed(), [{ path: worktree, branch: 'login' }]);
    } finally {
      process.env.PATH = before;
    }
  });

  it('takes no part of a path for a worktree where lines end with newlines', () => {
    const text =
      'worktree /repo\nworktree /other\nHEAD 1\nbranch refs/heads/main\n\nworktree /two\nHEAD 2\ndetached\n\n';
    assert.deepEqual(parseWorktrees(text), [
      { path: path.normalize('/repo'), head: '1', branch: 'main' },
      { path: path.normalize('/two'), head: '2', isDetached: true },
    ]);
  });
});
