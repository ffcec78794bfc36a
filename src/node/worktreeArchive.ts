import { describeError, HoldfastError } from '../base/errors.ts';
import type { ArchiveAbout } from '../core/worktreeArchive.ts';
import { type Inventory, takeGitFiles, takeInventory } from './archiveInventory.ts';
import type { OpenedArchive } from './archiveList.ts';
import type { WorktreeGit } from './archiveObjects.ts';
import { ChangedFile } from './archiveStream.ts';
import { type ArchiveLook, type ArchiveRequest, gitOf, type WrittenArchive, writeArchive } from './archiveWriter.ts';
import { exists } from './exists.ts';
import { tryGit } from './git.ts';
import { pausePoint } from './pausePoint.ts';
import { resolveCommit } from './repository.ts';

/** How often a worktree in which something is at work is archived anew. */
const maxAttempts = 4;

/**
 * Writes all of a worktree to `refs/holdfast/archive/<session>`: what is checked out, what is staged, what is on disk
 * and in no commit, and what is under way. Neither the worktree nor its index is touched, and no hook is run. What an
 * earlier archive of the session holds stays reachable from the new one.
 *
 * @throws {HoldfastError} `NOT_ARCHIVED` where something can be in no archive, or is changed all the time; `GIT_FAILED`
 */
export function archiveWorktree(request: ArchiveRequest): Promise<WrittenArchive> {
  return untilSame(request, () => look(request), undefined);
}

/**
 * Adds to an archive what is in a worktree whose removal has begun. What is missing there now was removed, and is in the
 * archive still.
 *
 * @param isBare Only the files are the user's: git's own folder was made to remove them.
 * @throws {HoldfastError} see {@link archiveWorktree}
 */
export function extendArchive(
  request: ArchiveRequest,
  base: OpenedArchive,
  { isBare = false }: { isBare?: boolean } = {},
): Promise<WrittenArchive> {
  const lookAgain = async () => {
    const { inventory, ...seen } = await look(request);
    return isBare
      ? { ...seen, head: {}, inventory: { ...inventory, git: [], emptyGitFolders: [] } }
      : { ...seen, inventory };
  };
  return untilSame(request, lookAgain, base);
}

/** What is changed while it is archived is archived again. */
async function untilSame(
  request: ArchiveRequest,
  lookAgain: () => Promise<ArchiveLook>,
  base: OpenedArchive | undefined,
): Promise<WrittenArchive> {
  let seen = await lookAgain();
  for (let attempt = 1; ; attempt++) {
    requireArchivable(request, seen);
    const written = await writeArchive(request, seen, base).catch((error) => {
      if (error instanceof ChangedFile) return undefined;
      throw error;
    });
    await pausePoint('archive-written');
    const now = await lookAgain();
    if (written && JSON.stringify(seen) === JSON.stringify(now)) return written;
    if (attempt === maxAttempts) throw notArchived(request, 'something goes on changing its files');
    seen = now;
  }
}

async function look(request: ArchiveRequest): Promise<ArchiveLook> {
  const { repository, record, path: folder, gitDir } = request;
  const [tip, head] = await Promise.all([
    record.branch ? resolveCommit(repository.root, `refs/heads/${record.branch}`) : undefined,
    gitDir === undefined ? {} : readHead(await gitOf(request)),
  ]);
  return { inventory: await inventoryOf(request, folder), head, tip };
}

async function inventoryOf({ gitDir, ignored }: ArchiveRequest, folder: string): Promise<Inventory> {
  if (gitDir !== undefined && (await exists(folder))) return takeInventory(folder, gitDir, { ignored });
  const counts = { uncommitted: 0, untracked: 0, ignored: 0 };
  const notes = gitDir === undefined ? undefined : await takeGitFiles(gitDir);
  const emptyGitFolders = [...(notes?.emptyFolders ?? [])].sort();
  return { files: [], git: notes?.files ?? [], emptyGitFolders, absent: [], emptyFolders: [], counts, obstacles: [] };
}

async function readHead({ cwd, args }: WorktreeGit): Promise<ArchiveAbout['head']> {
  const ref = await tryGit([...args, 'symbolic-ref', '--quiet', 'HEAD'], { cwd });
  const commit = await tryGit([...args, 'rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], { cwd });
  return { ...(ref === undefined ? {} : { ref: ref.trimEnd() }), ...(commit ? { commit: commit.trimEnd() } : {}) };
}

function requireArchivable(request: ArchiveRequest, { inventory }: ArchiveLook): void {
  const [obstacle] = inventory.obstacles;
  if (obstacle !== undefined) throw notArchived(request, obstacle);
}

function notArchived({ record, path: folder }: ArchiveRequest, reason: string): HoldfastError {
  const text = `The worktree of “${record.name}” cannot be archived, for ${reason}. Nothing was removed.`;
  return new HoldfastError('NOT_ARCHIVED', text, {
    advice: 'Move that away and try again, or remove the worktree yourself.',
    data: { id: record.id, folder, reason },
  });
}

/** Why there is no archive, as a part of a sentence. */
export function whyNotArchived(error: unknown): string {
  const reason = error instanceof HoldfastError ? error.data.reason : undefined;
  return `it could not be archived: ${typeof reason === 'string' ? reason : describeError(error)}`;
}
