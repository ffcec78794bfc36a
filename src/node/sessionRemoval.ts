import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { describeError } from '../base/errors.ts';
import { describeLoss } from '../core/lostWork.ts';
import type { RemovalNote } from '../core/removalNote.ts';
import { isTagOf } from '../core/worktreeLink.ts';
import { restoringReason } from '../core/worktreeLockReason.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { findArchive, type OpenedArchive, openArchive } from './archiveList.ts';
import type { WrittenArchive } from './archiveWriter.ts';
import { exists } from './exists.ts';
import { pausePoint } from './pausePoint.ts';
import { type GitRepository, listWorktrees, type WorktreeEntry } from './repository.ts';
import { findGitDir } from './stagedFiles.ts';
import { archiveWorktree, extendArchive, whyNotArchived } from './worktreeArchive.ts';
import { removeLeftovers } from './worktreeLeftovers.ts';
import { commonDirOf, gitDirOf } from './worktreeLink.ts';
import { unlockWorktree } from './worktreeLock.ts';
import { lookAtWorktree, type SessionWorktree } from './worktreeLook.ts';
import {
  forgetWorktree,
  isWorktree,
  type KeptWork,
  lookAtTraces,
  removeBranch,
  removeByGit,
  writtenMeanwhile,
} from './worktreeRemoval.ts';
import { readTag, tagName } from './worktreeTags.ts';

/** What became of a destroyed session's worktree. */
export interface RemovalOutcome {
  /** Where it is and why, where it is not gone. */
  kept?: KeptWork;
  /** What is in its place belongs to somebody else. */
  isForeign?: true;
  /** It is to go, and is removed once that can be. */
  isPending?: true;
  /** The commit that holds all of it, where one was written. */
  archive?: string;
}

export interface RemovalTask {
  repository: GitRepository;
  note: RemovalNote;
  /** Keeps what the note says now, before the next step is taken. */
  keep: (note: RemovalNote) => Promise<void>;
}

/**
 * Removes the worktree of a destroyed session, and its branch where that was made for it: first all of it is archived,
 * then git removes it. Done again after it was cut short it goes on where it was.
 */
export async function removeSessionWorktree(task: RemovalTask): Promise<RemovalOutcome> {
  const { note, repository } = task;
  const worktree = worktreeOf(note.session, repository.root);
  try {
    return (await exists(worktree.path)) ? await removeThere(task, worktree) : await removeGone(task, worktree);
  } catch (error) {
    return { ...later(worktree, describeError(error), note), ...archiveOf(note) };
  }
}

/** A session's worktree, as its record has it. */
export function worktreeOf(record: SessionRecord, root: string): SessionWorktree {
  const { worktreePath, branch, baseBranch, metadata } = record;
  return {
    root,
    path: path.resolve(worktreePath),
    branch,
    base: baseBranch,
    ownsBranch: metadata?.ownsBranch === true,
  };
}

/** What was asked for by name is tried again; what was only to go if nothing is lost stays. */
function later({ path: folder }: SessionWorktree, reason: string, { choice, archive }: RemovalNote): RemovalOutcome {
  const isPending = choice !== 'auto' || archive !== undefined;
  return { kept: { path: folder, reason }, ...(isPending ? { isPending } : {}) };
}

function archiveOf({ archive }: RemovalNote): RemovalOutcome {
  return archive === undefined ? {} : { archive };
}

async function removeThere(task: RemovalTask, worktree: SessionWorktree): Promise<RemovalOutcome> {
  const { repository, note } = task;
  const { root, path: folder } = worktree;
  const kept = (reason: string) => ({ kept: { path: folder, reason } });
  const foreign = (reason: string) => ({ ...kept(reason), isForeign: true as const });
  if (note.folder !== undefined && (await identityOf(folder)) !== note.folder)
    return foreign('something else is in its place by now');
  if (!(await isWorktree(folder))) {
    const archive = await earlierArchive(task);
    return archive ? removeRest(task, worktree, archive) : kept('it is no worktree any more');
  }
  const gitDir = await gitDirOf(folder);
  if (gitDir === undefined || (await commonDirOf(gitDir)) !== repository.commonDir)
    return foreign('it belongs to another repository');
  const { tag } = await readTag(path.join(gitDir, tagName));
  if (tag && !isTagOf(tag.id, note.session)) return foreign(`it is that of “${tag.name}” by now`);
  // Git lists real paths, and the folder that it is in may be a link.
  const real = await realpath(folder);
  const entry = (await listWorktrees(root)).find((candidate) => candidate.path === real);
  const lock = lockOf(entry);
  if (lock !== undefined) return kept(lock);
  const { loss, tip } = await lookAtWorktree(worktree);
  const reasons = describeLoss(loss);
  if (loss.inside.length > 0 || (note.choice === 'auto' && !note.archive && reasons.length > 0))
    return kept(reasons.join(', '));
  const archived = await archive(task, { worktree, gitDir, unmerged: loss.unmerged }).catch((error) =>
    whyNotArchived(error),
  );
  if (typeof archived === 'string') return kept(archived);
  await unlockWorktree(root, folder);
  await pausePoint('removal-begun');
  const obstacle = await removeFolder(worktree, { isClean: reasons.length === 0 && note.archive === undefined });
  await pausePoint('removal-done');
  // What was to go only if nothing is lost stays with what came in at the last moment.
  if (obstacle === writtenMeanwhile && note.choice === 'auto') return { ...kept(obstacle), archive: archived.commit };
  if (obstacle !== undefined) return { ...later(worktree, obstacle, archived.note), archive: archived.commit };
  await finish(worktree, tip);
  return { archive: archived.commit };
}

/** Where nothing was to be lost git looks once more whether that is so. It never lets go of submodules by itself. */
async function removeFolder(worktree: SessionWorktree, { isClean }: { isClean: boolean }): Promise<string | undefined> {
  const obstacle = isClean ? await removeByGit(worktree) : undefined;
  if (isClean && !obstacle?.includes('submodules')) return obstacle;
  return removeByGit(worktree, '--force');
}

interface Archived {
  commit: string;
  note: RemovalNote;
}

/** Writes the archive, or adds to the one that was written before the removal began, and notes it. */
async function archive(
  { repository, note, keep }: RemovalTask,
  { worktree, gitDir, unmerged }: { worktree: SessionWorktree; gitDir: string | undefined; unmerged: number },
): Promise<Archived> {
  const request = {
    repository,
    record: note.session,
    path: worktree.path,
    ...(gitDir === undefined ? {} : { gitDir }),
    ignored: note.choice === 'remove' ? ('none' as const) : ('kept' as const),
    unmerged,
  };
  const before = await earlierArchive({ repository, note });
  const written: WrittenArchive = await (before ? extendArchive(request, before) : archiveWorktree(request));
  const identity = await identityOf(worktree.path);
  const noted = { ...note, archive: written.commit, ...(identity === undefined ? {} : { folder: identity }) };
  await keep(noted);
  await pausePoint('removal-archived');
  return { commit: written.commit, note: noted };
}

/** Undefined where it is gone. */
async function identityOf(folder: string): Promise<string | undefined> {
  const entry = await stat(folder, { bigint: true }).catch(() => undefined);
  return entry && [entry.dev, entry.ino, entry.birthtimeNs].join(':');
}

/** The folder is gone already: what git still has of it. */
async function removeGone(task: RemovalTask, worktree: SessionWorktree): Promise<RemovalOutcome> {
  const { note } = task;
  const traces = await lookAtTraces(worktree);
  if ('movedTo' in traces) return { kept: { path: traces.movedTo, reason: `${worktree.branch} is checked out there` } };
  const { reason, entry, tip, unmerged } = traces;
  if (note.archive === undefined && note.choice === 'auto' && reason !== undefined)
    return { kept: { path: worktree.root, reason } };
  const isKnown = note.archive !== undefined && !(await isNewer(task, tip));
  const gitDir = entry && (await findGitDir(worktree.root, worktree.path));
  const commit = isKnown ? note.archive : (await archive(task, { worktree, gitDir, unmerged })).commit;
  await unlockWorktree(worktree.root, worktree.path);
  await finish(worktree, tip);
  return commit === undefined ? {} : { archive: commit };
}

/** Whether the branch has moved since it was archived, or the archive is gone. */
async function isNewer(task: RemovalTask, tip: string | undefined): Promise<boolean> {
  if (tip === undefined) return false;
  return (await earlierArchive(task))?.about.tip !== tip;
}

/** What an earlier run has archived; undefined also where the user has deleted it since: what is left is archived anew. */
async function earlierArchive({
  repository,
  note,
}: Pick<RemovalTask, 'repository' | 'note'>): Promise<OpenedArchive | undefined> {
  const { id } = note.session;
  if (note.archive === undefined || (await findArchive(repository.root, id)) === undefined) return undefined;
  return openArchive(repository.root, id);
}

/** Git has forgotten the worktree, but not all of its files could be removed. */
async function removeRest(
  task: RemovalTask,
  worktree: SessionWorktree,
  before: OpenedArchive,
): Promise<RemovalOutcome> {
  const { repository, note, keep } = task;
  const obstacle = await removeLeftovers({ repository, worktree, archive: before, session: note.session });
  const { commit, about } = await openArchive(worktree.root, note.session.id);
  await keep({ ...note, archive: commit });
  if (obstacle !== undefined) return { ...later(worktree, obstacle, note), archive: commit };
  await finish(worktree, about.tip);
  return { archive: commit };
}

async function finish(worktree: SessionWorktree, tip: string | undefined): Promise<void> {
  await forgetWorktree(worktree);
  await removeBranch(worktree, tip);
  await pausePoint('removal-finished');
}

/** What somebody else has locked stays, as a part of a sentence. */
function lockOf(entry: WorktreeEntry | undefined): string | undefined {
  const { lockReason } = entry ?? {};
  if (lockReason === undefined || lockReason === restoringReason) return undefined;
  if (lockReason === 'initializing') return 'git has not finished making it';
  return lockReason ? `it is locked: ${lockReason}` : 'it is locked';
}
