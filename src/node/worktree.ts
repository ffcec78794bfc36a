import { appendFile, mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { isMissing, writeJson } from './durableFile.ts';
import { git, gitMessage, tryGit } from './git.ts';
import { type GitRepository, listWorktrees } from './repository.ts';

/** A checkout of a large repository takes its time; milliseconds. */
const checkoutTimeout = 10 * 60_000;

export interface WorktreeRequest {
  path: string;
  branch: string;
  /** The commit at which the branch is made; without it the branch must exist and be checked out nowhere. */
  start?: string;
}

/** A worktree that was just made, and what must be undone if the session does not come to be. */
export interface MadeWorktree {
  /** Removes the worktree and, if it was made with it and nothing was committed to it, the branch. */
  undo(): Promise<void>;
}

/**
 * Makes a worktree on a new branch or on an existing one.
 *
 * @throws {HoldfastError} `FOLDER_EXISTS`, `BRANCH_EXISTS`, `INVALID_NAME`, `DISK_FULL`, `GIT_FAILED`
 */
export async function addWorktree(repository: GitRepository, request: WorktreeRequest): Promise<MadeWorktree> {
  const { root } = repository;
  const { path: folder, branch, start } = request;
  await requireFree(folder);
  await requireValid(root, branch);
  if (start === undefined) await requireUnused(root, branch);
  else await makeBranch(root, branch, start);
  const undo = () => undoWorktree(root, request);
  try {
    await excludeFromGit(repository, path.dirname(folder));
    await git(['worktree', 'add', '--quiet', '--', folder, branch], { cwd: root, timeout: checkoutTimeout });
  } catch (error) {
    await undo();
    throw explainFailure(error);
  }
  return { undo };
}

/** Marks whose worktree this is, where git keeps its own notes about it. */
export async function tagWorktree(folder: string, tag: Record<string, unknown>): Promise<void> {
  const gitDir = (await git(['rev-parse', '--path-format=absolute', '--git-dir'], { cwd: folder })).trimEnd();
  await writeJson(path.join(gitDir, 'holdfast.json'), tag);
}

/** Deletes a branch that is at `commit` still, and what the repository's settings say about it. */
export async function deleteBranch(root: string, branch: string, commit: string): Promise<void> {
  const deleted = await tryGit(['update-ref', '-d', `refs/heads/${branch}`, commit], { cwd: root });
  if (deleted !== undefined) await tryGit(['config', '--remove-section', `branch.${branch}`], { cwd: root });
}

export async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function requireFree(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  throw new HoldfastError('FOLDER_EXISTS', `The folder ${folder} exists already.`, {
    advice: 'Choose another name.',
    data: { folder },
  });
}

/** Git takes its shorthands for branches here too, and prints what they stand for. */
async function requireValid(root: string, branch: string): Promise<void> {
  const meant = await tryGit(['check-ref-format', '--branch', branch], { cwd: root });
  if (meant?.trimEnd() === branch) return;
  throw new HoldfastError('INVALID_NAME', `“${branch}” cannot be the name of a branch.`, {
    advice: 'Choose another name.',
  });
}

/** Made by itself, for git does so only if there is no such branch: what is undone later was made here. */
async function makeBranch(root: string, branch: string, start: string): Promise<void> {
  try {
    await git(['branch', '--no-track', '--', branch, start], { cwd: root });
  } catch (error) {
    throw explainBranchFailure(error, branch);
  }
}

/** A branch that another worktree has checked out cannot be checked out again. */
async function requireUnused(root: string, branch: string): Promise<void> {
  const holder = (await listWorktrees(root)).find((worktree) => worktree.branch === branch);
  if (!holder) return;
  throw new HoldfastError('BRANCH_EXISTS', `The branch ${branch} is checked out in ${holder.path}.`, {
    advice: 'Choose another branch.',
    data: { branch, path: holder.path },
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

/** A worktree whose making was cut short is locked still, which takes a second `--force`. */
async function undoWorktree(root: string, { path: folder, branch, start }: WorktreeRequest): Promise<void> {
  await tryGit(['worktree', 'remove', '--force', '--force', '--', folder], { cwd: root });
  if (start !== undefined) await deleteBranch(root, branch, start);
}

/** `feature/x` cannot exist beside a branch `feature`, for refs are files and folders. */
function explainBranchFailure(error: unknown, branch: string): unknown {
  const message = gitMessage(error);
  const rival = message.match(/'refs\/heads\/([^']+)' exists; cannot create/)?.[1];
  const data = { branch, ...(rival ? { rival } : {}) };
  if (rival) {
    const text = `The branch ${branch} cannot be made beside the branch ${rival}.`;
    return new HoldfastError('BRANCH_EXISTS', text, {
      advice: 'Rename that one, or choose another branch.',
      data,
      cause: error,
    });
  }
  if (!/already exists/.test(message)) return explainFailure(error);
  return new HoldfastError('BRANCH_EXISTS', `The branch ${branch} exists already.`, {
    advice: 'Choose another name or branch.',
    data,
    cause: error,
  });
}

function explainFailure(error: unknown): unknown {
  if (!/No space left on device|Disk quota exceeded/.test(gitMessage(error))) return error;
  return new HoldfastError(
    'DISK_FULL',
    'The disk is full, so the worktree could not be made. Nothing was kept of it.',
    {
      advice: 'Free some space and try again.',
      cause: error,
    },
  );
}
