import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { checkGitVersion, git, tryGit } from './git.ts';
import { repositoryKey } from './places.ts';

/** A git repository as seen from one of its checkouts. */
export interface GitRepository {
  kind: 'git';
  key: string;
  /** The main checkout; for a bare repository its own folder. Absolute. */
  root: string;
  /** Shared by all worktrees. Absolute, real. */
  commonDir: string;
}

/** A folder without git, in which sessions run side by side with no worktrees of their own. */
export interface PlainFolder {
  kind: 'folder';
  key: string;
  root: string;
}

export type Workplace = GitRepository | PlainFolder;

/**
 * The repository that `folder` belongs to, from anywhere inside it or inside one of its worktrees; a plain
 * folder where there is none.
 *
 * @throws {HoldfastError} `GIT_MISSING`, `GIT_TOO_OLD`, `NO_FOLDER`
 */
export async function findWorkplace(folder: string): Promise<Workplace> {
  await requireFolder(folder);
  await checkGitVersion(folder);
  const commonDir = await tryGit(['rev-parse', '--path-format=absolute', '--git-common-dir'], { cwd: folder });
  if (commonDir === undefined) {
    const root = await realpath(folder);
    return { kind: 'folder', key: repositoryKey(root), root };
  }
  const real = await realpath(chomp(commonDir));
  const [main] = parseWorktrees(await git(['worktree', 'list', '--porcelain'], { cwd: folder }));
  return { kind: 'git', key: repositoryKey(real), commonDir: real, root: main?.path ?? path.dirname(real) };
}

/** One entry of `git worktree list --porcelain`. */
export interface WorktreeEntry {
  path: string;
  head?: string;
  /** Without `refs/heads/`; absent with a detached HEAD and for a bare repository. */
  branch?: string;
}

/** @see https://git-scm.com/docs/git-worktree#_porcelain_format */
export function parseWorktrees(porcelain: string): WorktreeEntry[] {
  const entries: WorktreeEntry[] = [];
  for (const line of porcelain.split('\n')) {
    const [label, value = ''] = splitOnce(line, ' ');
    const entry = entries.at(-1);
    if (label === 'worktree') entries.push({ path: path.normalize(value) });
    else if (label === 'HEAD' && entry) entry.head = value;
    else if (label === 'branch' && entry) entry.branch = value.replace('refs/heads/', '');
  }
  return entries;
}

/** Where a new session's work starts from. */
export interface Base {
  /** A branch, or a commit's full hash with a detached HEAD. */
  ref: string;
  isDetached: boolean;
}

/** What is checked out in `folder`. @throws {HoldfastError} `NO_COMMITS` */
export async function currentBase(folder: string): Promise<Base> {
  const commit = await tryGit(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], { cwd: folder });
  if (commit === undefined) {
    throw new HoldfastError('NO_COMMITS', 'This repository has no commit yet, so there is nothing to branch from.', {
      advice: 'Make a first commit, or run the session without a worktree.',
    });
  }
  const branch = await tryGit(['symbolic-ref', '--quiet', '--short', 'HEAD'], { cwd: folder });
  return branch === undefined ? { ref: chomp(commit), isDetached: true } : { ref: chomp(branch), isDetached: false };
}

export async function localBranches(folder: string): Promise<string[]> {
  const text = await git(['for-each-ref', '--format=%(refname:short)', 'refs/heads'], { cwd: folder });
  return text.split('\n').filter(Boolean);
}

export async function requireFolder(folder: string): Promise<void> {
  const isFolder = await stat(folder).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (isFolder) return;
  throw new HoldfastError('NO_FOLDER', `The folder ${folder} does not exist.`, { data: { folder } });
}

function chomp(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
