import { readFile, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { OpenedArchive } from './archiveList.ts';
import { git, tryGit } from './git.ts';

/** Where a worktree is, and git's own folder for it. */
interface Place {
  folder: string;
  gitDir: string;
}

/**
 * Leads the submodules of a worktree to their repositories, and back, where either is in another place than before.
 *
 * @throws {HoldfastError} `GIT_FAILED`
 */
export async function relinkSubmodules({ about, lists }: OpenedArchive, now: Place): Promise<void> {
  const before = about.gitDir === undefined ? undefined : { folder: about.path, gitDir: about.gitDir };
  const there = { folder: await realpath(now.folder), gitDir: await realpath(now.gitDir) };
  if (!before || (before.folder === there.folder && before.gitDir === there.gitDir)) return;
  const links = lists.files.filter(({ path: name, kind }) => kind === 'file' && path.posix.basename(name) === '.git');
  for (const { path: name } of links) await relinkFile(name, before, there);
  const settings = lists.git.filter(({ path: name }) => /^modules\/(?:.+\/)?config$/.test(name));
  for (const { path: name } of settings) await relinkSettings(name, before, there);
}

/** The file `.git` in a submodule names its repository. */
async function relinkFile(name: string, before: Place, now: Place): Promise<void> {
  const file = path.join(now.folder, name);
  const [, target] = (await readFile(file, 'utf8')).match(/^gitdir: ([^]*?)\r?\n?$/) ?? [];
  if (target === undefined) return;
  const inside = path.relative(before.gitDir, path.resolve(before.folder, path.dirname(name), target));
  if (inside.startsWith('..') || path.isAbsolute(inside)) return;
  await writeFile(file, `gitdir: ${path.join(now.gitDir, inside)}\n`);
}

/** The repository names the folder that it is checked out in. */
async function relinkSettings(name: string, before: Place, now: Place): Promise<void> {
  const file = path.join(now.gitDir, name);
  const args = ['config', '--file', file];
  const value = await tryGit([...args, '--get', 'core.worktree'], { cwd: now.folder });
  if (value === undefined) return;
  const own = path.dirname(path.join(before.gitDir, name));
  const inside = path.relative(before.folder, path.resolve(own, value.trimEnd()));
  if (inside.startsWith('..') || path.isAbsolute(inside)) return;
  await git([...args, 'core.worktree', path.join(now.folder, inside)], { cwd: now.folder });
}
