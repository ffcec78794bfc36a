import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { exists } from './exists.ts';
import { type GitRepository, listWorktrees, type WorktreeEntry } from './repository.ts';
import { isHalfMade, isWorktreeOf } from './worktree.ts';

/** A worktree that somebody made, with the branch that is checked out in it. */
export interface FoundWorktree {
  /** As git lists it. */
  path: string;
  branch: string;
  /** Full hash. */
  head: string;
}

/** The worktrees that a session could have, but for those that one has: whole, with a branch that has a commit. */
export async function findAdoptable(repository: GitRepository, taken: readonly string[]): Promise<FoundWorktree[]> {
  const [, ...entries] = await listWorktrees(repository.root);
  const real = new Set(await Promise.all(taken.map((folder) => realpath(folder).catch(() => folder))));
  const found = entries.filter((entry) => whyNot(entry) === undefined && !real.has(entry.path));
  const there = await Promise.all(found.map(({ path: folder }) => exists(folder).catch(() => false)));
  return found.filter((_, index) => there[index]).map(toFound);
}

/**
 * The worktree at `folder`, for a session to work in.
 *
 * @throws {HoldfastError} `NO_FOLDER`, `NOT_A_WORKTREE`, `DETACHED_HEAD`
 */
export async function requireAdoptable(repository: GitRepository, folder: string): Promise<FoundWorktree> {
  const real = await realpath(folder).catch(() => undefined);
  if (real === undefined) {
    throw new HoldfastError('NO_FOLDER', `The folder ${folder} does not exist.`, { data: { folder } });
  }
  const [main, ...entries] = await listWorktrees(repository.root);
  if (real === repository.root || real === main?.path) throw mainCheckout(real);
  const entry = entries.find((candidate) => candidate.path === real);
  const isWhole = entry && (await isWorktreeOf(repository, real).catch(() => false));
  if (!isWhole) throw noWorktree(real, `is no worktree of ${repository.root}`);
  const obstacle = whyNot(entry);
  if (obstacle) throw obstacle;
  return toFound(entry);
}

function whyNot(entry: WorktreeEntry): HoldfastError | undefined {
  const { path: folder, branch, head } = entry;
  if (isHalfMade(entry)) return noWorktree(folder, 'is a worktree that is not finished');
  if (entry.isBare || entry.prunableReason !== undefined) return noWorktree(folder, 'is no worktree any more');
  if (head === undefined || /^0+$/.test(head)) return noWorktree(folder, 'has no commit yet');
  if (branch !== undefined) return undefined;
  return new HoldfastError('DETACHED_HEAD', `No branch is checked out in ${folder} (detached HEAD).`, {
    advice: `Make one there with “git switch -c NAME”, or finish the rebase that is going on, then adopt it.`,
    data: { path: folder, commit: head },
  });
}

function toFound({ path: folder, branch = '', head = '' }: WorktreeEntry): FoundWorktree {
  return { path: folder, branch, head };
}

function mainCheckout(folder: string): HoldfastError {
  return noWorktree(folder, 'is the main checkout', 'Run the session without a worktree to work in it.');
}

function noWorktree(folder: string, why: string, advice = `Choose one of those that “git worktree list” shows.`) {
  const text = `${path.basename(folder)} cannot be adopted, for ${folder} ${why}. Nothing was created.`;
  return new HoldfastError('NOT_A_WORKTREE', text, { advice, data: { folder } });
}
