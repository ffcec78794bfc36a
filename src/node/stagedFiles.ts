import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { exists } from './exists.ts';
import { git } from './git.ts';

/**
 * Counts what is staged in a worktree whose folder is gone: its index is among git's own notes of the worktree, and
 * goes with them.
 *
 * @param folder Where the worktree was, as git lists it.
 * @throws {HoldfastError} `GIT_FAILED`
 */
export async function countStaged(root: string, folder: string): Promise<number> {
  const gitDir = await findGitDir(root, folder);
  // Git compares no index with its commit as if every file had been deleted.
  if (gitDir === undefined || !(await exists(path.join(gitDir, 'index')))) return 0;
  const args = ['diff', '--cached', '--name-only', '-z', '--no-renames', '--ignore-submodules=none'];
  const text = await git([`--git-dir=${gitDir}`, ...args], { cwd: root });
  return text.split('\0').filter(Boolean).length;
}

/**
 * Git's own folder for a worktree whose folder may be gone.
 *
 * @see https://git-scm.com/docs/gitrepository-layout#Documentation/gitrepository-layout.txt-worktreesltidgtgitdir
 */
export async function findGitDir(root: string, folder: string): Promise<string | undefined> {
  const args = ['rev-parse', '--path-format=absolute', '--git-common-dir'];
  const notes = path.join((await git(args, { cwd: root })).trimEnd(), 'worktrees');
  for (const name of await readdir(notes).catch(() => [])) {
    const gitDir = path.join(notes, name);
    const link = await readFile(path.join(gitDir, 'gitdir'), 'utf8').catch(() => '');
    if (path.resolve(gitDir, link.trimEnd()) === path.join(folder, '.git')) return gitDir;
  }
  return undefined;
}
