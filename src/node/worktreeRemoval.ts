import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { describeError } from '../base/errors.ts';
import { exists } from './exists.ts';
import { git, tryGit } from './git.ts';
import { countHiddenChanges } from './hiddenChanges.ts';
import { findIrreplaceable } from './ignoredFiles.ts';
import { listWorktrees, resolveCommit, type WorktreeEntry } from './repository.ts';
import { countStaged } from './stagedFiles.ts';

/** To write, read or remove all files of a large repository takes its time; milliseconds. */
export const treeTimeout = 10 * 60_000;

/** How many of the ignored files that keep a worktree are named. */
const maxNamed = 3;

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
 * Removes a session's worktree and branch unless that would lose something: uncommitted or untracked files,
 * ignored ones that cannot be made again, or commits that the base does not have. What git cannot tell may be
 * work, so it is kept too.
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
  const files = await readFiles(folder);
  const head = await resolveCommit(folder, 'HEAD');
  const commits = await findCommits(worktree, head ? [head] : []);
  const ignored = describeIgnored(await findIrreplaceable(folder, files.ignored, root));
  const inside = await describeWorktreesInside(root, folder);
  const reason = listed([...describeUnsaved(files), ...commits.unmerged, ...ignored, ...inside]);
  if (reason) return keep(reason);
  try {
    // Git looks again, and refuses where something came in meanwhile.
    await git(['worktree', 'remove', '--', folder], { cwd: root, timeout: treeTimeout });
  } catch (error) {
    if (await exists(folder)) return keep(await describeFailure(folder, error));
    return removeTraces(worktree);
  }
  await removeBranch(worktree, commits.tip);
  return undefined;
}

/** Git would remove another worktree that lies in an ignored folder with all its work. */
async function describeWorktreesInside(root: string, folder: string): Promise<string[]> {
  const top = (await realpath(folder)) + path.sep;
  const inside: string[] = [];
  for (const entry of await listWorktrees(root))
    if (entry.path.startsWith(top) && (await exists(entry.path))) inside.push(`the worktree ${entry.path} lies in it`);
  return inside;
}

/** What has gone was neither uncommitted nor untracked, so whoever has the commits has lost nothing. */
async function describeFailure(folder: string, error: unknown): Promise<string> {
  const left = (await isWorktree(folder)) ? await readFiles(folder).catch(() => undefined) : undefined;
  const isWhole = left !== undefined && describeUnsaved(left).length === 0;
  return isWhole ? describeError(error) : `only a part of it could be removed, and no work: ${describeError(error)}`;
}

/** The folder is gone already, removed or moved by the user's own hand: what git still has of it. */
async function removeTraces(worktree: SessionWorktree): Promise<KeptWork | undefined> {
  const { root, path: folder, branch } = worktree;
  const entries = await listWorktrees(root);
  const moved = entries.find((entry) => entry.branch === branch && entry.path !== folder);
  if (moved) return { path: moved.path, reason: `${branch} is checked out there` };
  const entry = entries.find((candidate) => candidate.path === folder);
  const commits = await findCommits(worktree, headOf(entry));
  const staged = entry ? await countStaged(root, folder) : 0;
  const reason = listed([...counted(staged, 'staged file'), ...commits.unmerged]);
  if (reason) return { path: root, reason: `${reason} in the repository; the worktree itself was gone already` };
  if (entry) await git(['worktree', 'remove', '--', folder], { cwd: root, timeout: treeTimeout });
  await removeBranch(worktree, commits.tip);
  return undefined;
}

/** A folder whose link to git was removed would pass for a part of the checkout around it. */
export async function isWorktree(folder: string): Promise<boolean> {
  if (!(await stat(folder)).isDirectory()) return false;
  const top = await tryGit(['rev-parse', '--show-toplevel'], { cwd: folder });
  return top !== undefined && path.normalize(top.trimEnd()) === (await realpath(folder));
}

/** What a checkout has beside its commits. */
interface UnsavedFiles {
  uncommitted: number;
  untracked: number;
  /** Paths inside the folder; a folder that is ignored as a whole ends with a slash. */
  ignored: string[];
}

/** @see https://git-scm.com/docs/git-status#_output */
async function readFiles(folder: string): Promise<UnsavedFiles> {
  const args = ['status', '--porcelain=v1', '-z', '--untracked-files=all', '--ignored=matching', '--no-renames'];
  const text = await git([...args, '--ignore-submodules=none'], { cwd: folder, timeout: treeTimeout });
  const entries = text.split('\0').filter(Boolean);
  const ignored = entries.filter((entry) => entry.startsWith('!! '));
  const untracked = entries.filter((entry) => entry.startsWith('?? ')).length;
  const uncommitted = entries.length - untracked - ignored.length + (await countHiddenChanges(folder));
  return { uncommitted, untracked, ignored: ignored.map((entry) => entry.slice(3)) };
}

function describeUnsaved({ uncommitted, untracked }: UnsavedFiles): string[] {
  return [...counted(uncommitted, 'uncommitted file'), ...counted(untracked, 'untracked file')];
}

function describeIgnored(files: string[]): string[] {
  const more = files.length - maxNamed;
  const named = files.slice(0, maxNamed).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return counted(files.length, 'ignored file').map((count) => `${count}: ${named}`);
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

/** Deletes a branch that is at `commit` still, and what the repository's settings say about it. */
async function deleteBranch(root: string, branch: string, commit: string): Promise<void> {
  const deleted = await tryGit(['update-ref', '-d', `refs/heads/${branch}`, commit], { cwd: root });
  if (deleted !== undefined) await tryGit(['config', '--remove-section', `branch.${branch}`], { cwd: root });
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
