import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { describeError } from '../base/errors.ts';
import { git, tryGit } from './git.ts';
import { listWorktrees, resolveCommit, type WorktreeEntry } from './repository.ts';
import { deleteBranch, exists } from './worktree.ts';

/** A session's worktree, as its record has it. */
export interface SessionWorktree {
  /** The repository's main checkout. */
  root: string;
  path: string;
  branch: string;
  base: string;
  /** The branch was made for the session; one that the user had already stays in any case. */
  ownsBranch: boolean;
}

/** Work that was not removed: where it is and what it is. */
export interface KeptWork {
  path: string;
  reason: string;
}

/**
 * Removes a session's worktree and branch unless that would lose something: uncommitted or untracked files, or
 * commits that the base does not have. What git cannot tell may be work, so it is kept too.
 */
export async function removeUnlessNeeded(worktree: SessionWorktree): Promise<KeptWork | undefined> {
  try {
    return (await exists(worktree.path)) ? await removeFolder(worktree) : await removeTraces(worktree);
  } catch (error) {
    return { path: worktree.path, reason: describeError(error) };
  }
}

async function removeFolder(worktree: SessionWorktree): Promise<KeptWork | undefined> {
  const { root, path: folder } = worktree;
  const keep = (reason: string) => ({ path: folder, reason });
  if (!(await isWorktree(folder))) return keep('it is no worktree any more');
  const files = await unsavedFiles(folder);
  const head = await resolveCommit(folder, 'HEAD');
  const commits = await findCommits(worktree, head ? [head] : []);
  const reason = listed([...files, ...commits.unmerged]);
  if (reason) return keep(reason);
  // Git looks again, and refuses where something came in meanwhile.
  await git(['worktree', 'remove', '--', folder], { cwd: root });
  await removeBranch(worktree, commits.tip);
  return undefined;
}

/** The folder is gone already, by the user's own hand: what git still has of it. */
async function removeTraces(worktree: SessionWorktree): Promise<KeptWork | undefined> {
  const { root, path: folder, branch } = worktree;
  const entries = await listWorktrees(root);
  const moved = entries.find((entry) => entry.branch === branch && entry.path !== folder);
  if (moved) return { path: moved.path, reason: `${branch} is checked out there` };
  const entry = entries.find((candidate) => candidate.path === folder);
  const commits = await findCommits(worktree, headOf(entry));
  const reason = listed(commits.unmerged);
  if (reason) return { path: root, reason: `${reason} in the repository; the worktree itself was gone already` };
  if (entry) await git(['worktree', 'remove', '--', folder], { cwd: root });
  await removeBranch(worktree, commits.tip);
  return undefined;
}

/** A folder whose link to git was removed would pass for a part of the checkout around it. */
async function isWorktree(folder: string): Promise<boolean> {
  const top = await tryGit(['rev-parse', '--show-toplevel'], { cwd: folder });
  return top !== undefined && path.normalize(top.trimEnd()) === (await realpath(folder));
}

async function unsavedFiles(folder: string): Promise<string[]> {
  const args = ['status', '--porcelain=v1', '-z', '--untracked-files=all', '--no-renames', '--ignore-submodules=none'];
  const entries = (await git(args, { cwd: folder })).split('\0').filter(Boolean);
  const untracked = entries.filter((entry) => entry.startsWith('??')).length;
  return [...counted(entries.length - untracked, 'uncommitted file'), ...counted(untracked, 'untracked file')];
}

interface FoundCommits {
  /** “2 unmerged commits”; empty where the base has all of them. */
  unmerged: string[];
  /** Of the branch, which may be deleted only as long as it is there. */
  tip?: string;
}

/** Looks at the branch and at `heads`, full hashes of what is checked out. */
async function findCommits({ root, branch, base }: SessionWorktree, heads: string[]): Promise<FoundCommits> {
  const start = await resolveCommit(root, base);
  const tip = await resolveCommit(root, `refs/heads/${branch}`);
  if (!start)
    return { unmerged: [`its base ${base} is gone, so it is not known what is merged`], ...(tip ? { tip } : {}) };
  const ends = tip ? [...heads, tip] : heads;
  const count =
    ends.length > 0 ? Number(await git(['rev-list', '--count', ...ends, '--not', start], { cwd: root })) : 0;
  return { unmerged: counted(count, 'unmerged commit'), ...(tip ? { tip } : {}) };
}

async function removeBranch({ root, branch, ownsBranch }: SessionWorktree, tip: string | undefined): Promise<void> {
  if (!ownsBranch || !tip) return;
  const isInUse = (await listWorktrees(root)).some((worktree) => worktree.branch === branch);
  if (!isInUse) await deleteBranch(root, branch, tip);
}

/** All zeros stand for a branch that has no commit. */
function headOf(entry: WorktreeEntry | undefined): string[] {
  return entry?.head && !/^0+$/.test(entry.head) ? [entry.head] : [];
}

function counted(count: number, noun: string): string[] {
  return count === 0 ? [] : [`${count} ${noun}${count === 1 ? '' : 's'}`];
}

function listed(parts: string[]): string | undefined {
  return parts.join(', ') || undefined;
}
