import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { type LostWork, operationOf } from '../core/lostWork.ts';
import { exists } from './exists.ts';
import { git, tryGit } from './git.ts';
import { countHiddenChanges } from './hiddenChanges.ts';
import { findIrreplaceable } from './ignoredFiles.ts';
import { isMerged } from './mergedCommits.ts';
import { findOverlooked } from './overlookedFolders.ts';
import { listWorktrees, resolveCommit } from './repository.ts';
import { gitDirOf } from './worktreeLink.ts';
import { readStatus } from './worktreeStatus.ts';

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

/** What was found in a worktree that is to go. */
export interface WorktreeLook {
  loss: LostWork;
  /** Of the branch, which may be deleted only as long as it is there. */
  tip?: string;
}

/** How many names of files are told. */
const maxNames = 20;

/**
 * What would be lost with a worktree that is there.
 *
 * @throws {HoldfastError} `GIT_FAILED`
 */
export async function lookAtWorktree(worktree: SessionWorktree): Promise<WorktreeLook> {
  const { root, path: folder } = worktree;
  const status = await readStatus(folder);
  const hidden = await countHiddenChanges(folder);
  const head = await resolveCommit(folder, 'HEAD');
  const ignored = await findIrreplaceable(folder, status.ignored, root);
  const untracked = [...status.untracked, ...(await findOverlooked(folder, status))];
  const gitDir = await gitDirOf(folder);
  const operation = gitDir === undefined ? undefined : operationOf(await readdir(gitDir));
  const { tip, ...commits } = await lookAtCommits(worktree, head ? [head] : []);
  const loss: LostWork = {
    uncommitted: {
      count: status.changed.length + hidden,
      names: status.changed.slice(0, maxNames).map(({ path: file }) => file),
    },
    untracked: { count: untracked.length, names: untracked.slice(0, maxNames) },
    ignored: { count: ignored.length, names: ignored.slice(0, maxNames) },
    ...commits,
    ...(operation === undefined ? {} : { operation }),
    inside: await worktreesInside(root, folder),
  };
  return { loss, ...(tip === undefined ? {} : { tip }) };
}

type FoundCommits = Pick<LostWork, 'unmerged' | 'unpushed' | 'goneBase'> & { tip?: string };

/** Looks at the branch and at `heads`, full hashes of what is checked out. */
export async function lookAtCommits({ root, branch, base }: SessionWorktree, heads: string[]): Promise<FoundCommits> {
  const tip = await resolveCommit(root, `refs/heads/${branch}`);
  const ends = [...new Set(tip ? [...heads, tip] : heads)];
  const unpushed = await countUnpushed(root, ends);
  const found = { ...(unpushed === undefined ? {} : { unpushed }), ...(tip ? { tip } : {}) };
  const start = await resolveCommit(root, base);
  if (!start) return { unmerged: 0, goneBase: base, ...found };
  return { unmerged: await countUnmerged(root, ends, start), ...found };
}

async function countUnmerged(root: string, ends: readonly string[], base: string): Promise<number> {
  if (ends.length === 0) return 0;
  const count = Number(await git(['rev-list', '--count', ...ends, '--not', base], { cwd: root }));
  if (count === 0) return 0;
  for (const end of ends) if (!(await isMerged(root, end, base))) return count;
  return 0;
}

/** Undefined where there is no remote to push to. */
async function countUnpushed(cwd: string, ends: readonly string[]): Promise<number | undefined> {
  const remotes = await tryGit(['for-each-ref', '--count=1', '--format=%(refname)', 'refs/remotes'], { cwd });
  if (!remotes?.trim()) return undefined;
  if (ends.length === 0) return 0;
  return Number(await git(['rev-list', '--count', ...ends, '--not', '--remotes'], { cwd }));
}

/** Git would remove another worktree that lies in an ignored folder with all its work. */
async function worktreesInside(root: string, folder: string): Promise<string[]> {
  const top = (await realpath(folder)) + path.sep;
  const inside: string[] = [];
  for (const entry of await listWorktrees(root))
    if (entry.path.startsWith(top) && (await exists(entry.path))) inside.push(entry.path);
  return inside;
}
