import { appendFile, mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { isMissing, writeJson } from './durableFile.ts';
import { git, tryGit } from './git.ts';
import { type GitRepository, parseWorktrees, type WorktreeEntry } from './repository.ts';

export interface WorktreeRequest {
  path: string;
  branch: string;
  /** Start of the branch where it is new. */
  base: string;
}

/** A worktree that was just made, and what must be undone if the session does not come to be. */
export interface MadeWorktree {
  /** Removes the worktree and, if it was made with it and nothing was committed to it, the branch. */
  undo(): Promise<void>;
}

/**
 * Makes a worktree on a new branch, or on an existing one that no other worktree has checked out.
 *
 * @throws {HoldfastError} `FOLDER_EXISTS`, `BRANCH_EXISTS`, `INVALID_NAME`, `GIT_FAILED`
 */
export async function addWorktree(repository: GitRepository, request: WorktreeRequest): Promise<MadeWorktree> {
  const { root } = repository;
  const { path: folder, branch, base } = request;
  await requireFree(folder);
  const isNew = await prepareBranch(root, branch);
  await excludeFromGit(repository, path.dirname(folder));
  const what = isNew ? ['-b', branch, folder, base] : [folder, branch];
  try {
    await git(['worktree', 'add', '--quiet', ...what], { cwd: root, timeout: 10 * 60_000 });
  } catch (error) {
    await undoWorktree(root, folder, isNew ? branch : undefined, base);
    throw explainAddFailure(error, branch);
  }
  return { undo: () => undoWorktree(root, folder, isNew ? branch : undefined, base) };
}

/** What git would lose, or could not tell, if a worktree were removed. */
export interface UnsavedWork {
  uncommitted: number;
  untracked: number;
  /** Commits that the base branch does not have. */
  unmerged: number;
}

/** Undefined where the folder is gone already. @throws {HoldfastError} `GIT_FAILED` when git cannot tell. */
export async function unsavedWork(folder: string, branch: string, base: string): Promise<UnsavedWork | undefined> {
  if (!(await exists(folder))) return undefined;
  const status = await git(['status', '--porcelain=v1', '-z', '--untracked-files=all', '--no-renames'], {
    cwd: folder,
  });
  const entries = status.split('\0').filter(Boolean);
  const untracked = entries.filter((entry) => entry.startsWith('??')).length;
  const tips = ['HEAD', ...((await refExists(folder, `refs/heads/${branch}`)) ? [`refs/heads/${branch}`] : [])];
  const count = await git(['rev-list', '--count', ...tips, '--not', base, '--'], { cwd: folder });
  return { untracked, uncommitted: entries.length - untracked, unmerged: Number(count) };
}

/** “2 uncommitted files, 1 unmerged commit”; undefined where nothing would be lost. */
export function describeUnsaved({ uncommitted, untracked, unmerged }: UnsavedWork): string | undefined {
  const parts = [
    counted(uncommitted, 'uncommitted file'),
    counted(untracked, 'untracked file'),
    counted(unmerged, 'unmerged commit'),
  ];
  return parts.filter(Boolean).join(', ') || undefined;
}

/**
 * Removes a worktree that holds nothing unsaved, and `branch`, which the base has all of. Git checks again and
 * refuses where something came in meanwhile.
 */
export async function removeWorktree(root: string, folder: string, branch: string | undefined): Promise<void> {
  const tip = branch && (await tryGit(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`], { cwd: root }));
  if (await exists(folder)) await git(['worktree', 'remove', folder], { cwd: root });
  if (!branch || !tip || (await holderOf(root, branch))) return;
  // Deleting by value fails if a commit was added since it was read.
  await tryGit(['update-ref', '-d', `refs/heads/${branch}`, tip.trim()], { cwd: root });
}

/** Marks whose worktree this is, where git keeps its own notes about it. */
export async function tagWorktree(folder: string, tag: Record<string, unknown>): Promise<void> {
  const gitDir = (await git(['rev-parse', '--path-format=absolute', '--git-dir'], { cwd: folder })).trimEnd();
  await writeJson(path.join(gitDir, 'holdfast.json'), tag);
}

/** Whether the branch has to be made. @throws {HoldfastError} `INVALID_NAME`, `BRANCH_EXISTS` */
async function prepareBranch(root: string, branch: string): Promise<boolean> {
  if ((await tryGit(['check-ref-format', '--branch', branch], { cwd: root })) === undefined) {
    throw new HoldfastError('INVALID_NAME', `“${branch}” cannot be the name of a branch.`, {
      advice: 'Choose another name.',
    });
  }
  if (!(await refExists(root, `refs/heads/${branch}`))) return true;
  const holder = await holderOf(root, branch);
  if (!holder) return false;
  throw new HoldfastError('BRANCH_EXISTS', `The branch ${branch} is checked out in ${holder.path}.`, {
    advice: 'Choose another branch.',
    data: { branch, path: holder.path },
  });
}

/** The worktree that has `branch` checked out. */
async function holderOf(root: string, branch: string): Promise<WorktreeEntry | undefined> {
  const worktrees = parseWorktrees(await git(['worktree', 'list', '--porcelain'], { cwd: root }));
  return worktrees.find((worktree) => worktree.branch === branch);
}

async function requireFree(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  throw new HoldfastError('FOLDER_EXISTS', `The folder ${folder} exists already.`, {
    advice: 'Choose another name.',
    data: { folder },
  });
}

/** Keeps the worktrees out of the main checkout's status, for this clone only. */
async function excludeFromGit({ commonDir, root }: GitRepository, folder: string): Promise<void> {
  const relative = path.relative(root, folder);
  if (!relative || relative.startsWith('..') || path.isAbsolute(relative)) return;
  const line = `/${relative.split(path.sep).join('/')}/`;
  const file = path.join(commonDir, 'info', 'exclude');
  const current = await readFile(file, 'utf8').catch((error) => {
    if (isMissing(error)) return '';
    throw error;
  });
  if (current.split(/\r?\n/).includes(line)) return;
  await mkdir(path.dirname(file), { recursive: true });
  await appendFile(file, `${current && !current.endsWith('\n') ? '\n' : ''}${line}\n`);
}

async function undoWorktree(root: string, folder: string, newBranch: string | undefined, base: string): Promise<void> {
  if (await exists(folder)) await tryGit(['worktree', 'remove', '--force', folder], { cwd: root });
  await tryGit(['worktree', 'prune'], { cwd: root });
  const start = await tryGit(['rev-parse', '--verify', '--quiet', `${base}^{commit}`], { cwd: root });
  if (newBranch && start) await tryGit(['update-ref', '-d', `refs/heads/${newBranch}`, start.trim()], { cwd: root });
}

/** `feature/x` cannot exist beside a branch `feature`, for refs are files and folders. */
function explainAddFailure(error: unknown, branch: string): unknown {
  const stderr = error instanceof HoldfastError ? String(error.data.stderr ?? '') : '';
  if (/No space left on device|Disk quota exceeded/.test(stderr)) {
    return new HoldfastError(
      'DISK_FULL',
      'The disk is full, so the worktree could not be made. Nothing was kept of it.',
      {
        advice: 'Free some space and try again.',
        cause: error,
      },
    );
  }
  if (!/cannot lock ref|already exists|already checked out|already used/.test(stderr)) return error;
  return new HoldfastError('BRANCH_EXISTS', `The branch ${branch} cannot be made beside one that exists.`, {
    advice: 'Choose another name or branch.',
    data: { branch, stderr },
    cause: error,
  });
}

async function refExists(cwd: string, ref: string): Promise<boolean> {
  return (await tryGit(['show-ref', '--verify', '--quiet', ref], { cwd })) !== undefined;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

function counted(count: number, noun: string): string {
  return count === 0 ? '' : `${count} ${noun}${count === 1 ? '' : 's'}`;
}
