import { realpath } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { HoldfastError } from '../base/errors.ts';
import { disowned, findListed, type RestorableSession } from '../core/savedSession.ts';
import { exists } from '../node/exists.ts';
import { git } from '../node/git.ts';
import {
  type Base,
  currentBase,
  findWorkplace,
  type GitRepository,
  listWorktrees,
  namedBase,
  resolveCommit,
  type WorktreeEntry,
} from '../node/repository.ts';
import { countStaged } from '../node/stagedFiles.ts';
import { isHalfMade, isWorktreeOf } from '../node/worktree.ts';
import { unlockWorktree } from '../node/worktreeLock.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { type PlanContext, planCreation } from './creationPlan.ts';
import type { HelperClient } from './helperClient.ts';
import { requireDeserted, requireEnded } from './livingOwner.ts';
import { type CreationContext, createSession, type Restoration } from './sessionCreation.ts';

/** Where a saved session comes back from. */
export type RestoreOrigin =
  /** It is in the list, or was brought back already; nothing is made. */
  | { from: 'list'; record: SessionRecord }
  /** Its worktree is there still, with all that is in it. */
  | { from: 'worktree' }
  /** Its worktree is gone, of which git may have a note still at the path `stale`. */
  | { from: 'branch'; stale?: string }
  /** Its branch is gone, too, and is made anew: at the saved commit, or without its work at the base. */
  | { from: 'commit' | 'base'; base: Base }
  /** All of its worktree is in its archive. */
  | { from: 'archive' }
  /** It has no worktree; `folder` is where it ran, or the open folder. */
  | { from: 'folder'; folder: string };

/** A session that is in the list again, or still. */
export interface RestoredSession {
  record: SessionRecord;
  origin: RestoreOrigin;
  /** What the user should know, in whole sentences: a name that is not what it was, work that is not there. */
  notice?: string;
}

export interface RestoreOptions {
  /** False leaves the command to be started later. */
  start?: boolean;
  /** Of a file that anyone can have written: a branch that is there already stays the user’s own. */
  isImported?: boolean;
}

/** What it takes to tell where a session would come back; where no helper runs, connecting to it does nothing. */
export interface RestorePlanContext extends PlanContext, Pick<CreationContext, 'machine' | 'sessions'> {
  helper: Pick<HelperClient, 'connect'>;
}

/**
 * Brings back a session as a new one, in its old worktree if that is there, else in a new one of its branch. All of
 * it, or nothing; a session that is in the list stays as it is.
 *
 * @throws {HoldfastError} `BRANCH_EXISTS` where its branch is in use elsewhere; `SESSION_RUNNING` where its process
 *   lives though no list has it; `FOLDER_EXISTS` where its worktree is another session's; see {@link createSession}.
 */
export async function restoreSession(
  context: CreationContext,
  saved: RestorableSession,
  { start = true, isImported = false }: RestoreOptions = {},
): Promise<RestoredSession> {
  const origin = await findOrigin(context, saved);
  if (origin.from === 'list') return { record: origin.record, origin };
  const { record: old, isShared } = withOwnConversation(context, isImported ? disowned(saved.record) : saved.record);
  if (origin.from === 'branch' && origin.stale !== undefined) await forgetWorktree(context, origin.stale);
  const { record, notice } = await createSession(context, creationOptions(old), restoration(old, origin, start));
  const notices = [
    ...(notice === undefined ? [] : [notice]),
    ...(isShared ? ['Its conversation goes on in another session, so it begins a new one.'] : []),
    ...(origin.from === 'base'
      ? [`Neither its branch ${old.branch} nor the commit of that is here, so it begins at ${origin.base.ref}.`]
      : []),
  ];
  return { record, origin, ...(notices.length > 0 ? { notice: notices.join(' ') } : {}) };
}

/**
 * Where {@link restoreSession} would bring a session back without starting it, having changed nothing.
 *
 * @throws {HoldfastError} see {@link restoreSession}
 */
export async function planRestoration(context: RestorePlanContext, saved: RestorableSession): Promise<RestoreOrigin> {
  const { record } = saved;
  const origin = await findOrigin(context, saved);
  if (origin.from !== 'list') await planCreation(context, creationOptions(record), restoration(record, origin, false));
  return origin;
}

async function findOrigin(
  context: RestorePlanContext,
  { record, commit }: RestorableSession,
): Promise<Exclude<RestoreOrigin, { from: 'archive' }>> {
  const { workplace, helper, sessions } = context;
  // Connecting brings in the sessions of other windows.
  await helper.connect();
  const listed = findListed(sessions(), record);
  if (listed) return { from: 'list', record: listed };
  await requireEnded(context, record);
  if (!record.branch) return { from: 'folder', folder: await findFolder(context, record) };
  if (workplace.kind === 'folder') throw noRepository(record, workplace.root);
  requireUnclaimed(sessions(), record);
  const holder = (await listWorktrees(workplace.root)).find(({ branch }) => branch === record.branch);
  if (holder) await requireDeserted(context, record, holder.path);
  if (holder && (await isOwnWorktree(context, record, holder))) return { from: 'worktree' };
  if (holder && (await isStale(workplace, record, holder))) return { from: 'branch', stale: holder.path };
  if (holder) throw checkedOut(record, holder);
  if (await resolveCommit(workplace.root, `refs/heads/${record.branch}`)) return { from: 'branch' };
  const found = commit && (await resolveCommit(workplace.root, commit));
  if (found) return { from: 'commit', base: { ref: record.baseBranch, commit: found, isDetached: false } };
  return { from: 'base', base: await findBase(context, record) };
}

/** Where a session comes back, as the end of a sentence. */
export function describeOrigin({ branch, worktreePath }: SessionRecord, origin: RestoreOrigin): string {
  switch (origin.from) {
    case 'list':
      return 'is in the list already';
    case 'worktree':
      return `in its worktree, which is still there: ${worktreePath}`;
    case 'branch':
      return `in a new worktree of ${branch}`;
    case 'commit':
      return `in a new worktree of ${branch}, made anew at ${origin.base.commit.slice(0, 8)}`;
    case 'base':
      return `in a new worktree of ${branch}, made anew at ${origin.base.ref} without its work`;
    case 'archive':
      return `in its worktree as it was archived: ${worktreePath}`;
    case 'folder':
      return `in the folder ${origin.folder}`;
  }
}

const variablesSchema = v.record(v.string(), v.string());

/** What a session is made with that brings back another one. */
export function creationOptions({ name, branch, command, cwd, metadata }: SessionRecord) {
  const env = v.safeParse(variablesSchema, metadata?.env);
  return {
    name,
    branch,
    ...(command === null ? {} : { command }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(env.success ? { env: env.output } : {}),
  };
}

function restoration(
  record: SessionRecord,
  origin: Exclude<RestoreOrigin, { from: 'list' | 'archive' }>,
  start: boolean,
): Restoration {
  const known: Base = { ref: record.baseBranch, commit: '', isDetached: false };
  switch (origin.from) {
    case 'worktree':
      return { record, start, base: known, hasBranch: true, worktreePath: record.worktreePath };
    case 'branch':
      return { record, start, base: known, hasBranch: true };
    case 'commit':
    case 'base':
      return { record, start, base: origin.base, hasBranch: false };
    case 'folder':
      return { record, start, base: undefined, hasBranch: false, worktreePath: origin.folder };
  }
}

/** Two sessions never go on with one conversation. */
export function withOwnConversation({ sessions }: CreationContext, record: SessionRecord) {
  const { agentSessionId, ...others } = record;
  const isShared =
    agentSessionId !== undefined && sessions().some((session) => session.agentSessionId === agentSessionId);
  return { record: isShared ? (others as SessionRecord) : record, isShared };
}

/** The folder may be that of another repository by now, or of another machine. */
async function findFolder({ workplace, folder }: RestorePlanContext, { worktreePath }: SessionRecord): Promise<string> {
  const there = await findWorkplace(worktreePath).catch(() => undefined);
  return there?.key === workplace.key ? worktreePath : folder;
}

/** The worktree of the saved session itself, whole, and nobody else's. */
async function isOwnWorktree(
  { workplace, sessions }: RestorePlanContext,
  { worktreePath }: SessionRecord,
  holder: WorktreeEntry,
): Promise<boolean> {
  if (!(await exists(worktreePath)) || holder.path !== (await realpath(worktreePath)) || isHalfMade(holder)) {
    return false;
  }
  const isClaimed = sessions().some((session) => session.worktreePath === worktreePath);
  return !isClaimed && isWorktreeOf(workplace as GitRepository, worktreePath);
}

/** A worktree on a disk that is not there now is not gone, and what is staged in one that is gone may be work. */
async function isStale({ root }: GitRepository, record: SessionRecord, holder: WorktreeEntry): Promise<boolean> {
  const { path: folder, prunableReason, lockReason } = holder;
  const isGone = prunableReason !== undefined && lockReason === undefined && folder === record.worktreePath;
  if (!isGone || (await exists(folder))) return false;
  const isOnThisDisk = folder.startsWith(root + path.sep) || (await exists(path.dirname(folder)));
  return isOnThisDisk && (await countStaged(root, folder)) === 0;
}

/** Git looks again whether anything is there. */
async function forgetWorktree({ workplace }: CreationContext, folder: string): Promise<void> {
  await unlockWorktree(workplace.root, folder);
  await git(['worktree', 'remove', '--', folder], { cwd: workplace.root });
}

async function findBase({ folder }: RestorePlanContext, { baseBranch }: SessionRecord): Promise<Base> {
  try {
    return await namedBase(folder, baseBranch);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'INVALID_ARGUMENT') throw error;
    return currentBase(folder);
  }
}

function requireUnclaimed(sessions: readonly SessionRecord[], { name, branch }: SessionRecord): void {
  const owner = sessions.find((session) => session.branch === branch);
  if (!owner) return;
  const text = `“${name}” cannot come back, for the session “${owner.name}” works on its branch ${branch}.`;
  throw new HoldfastError('BRANCH_EXISTS', text, {
    advice: 'Destroy that session first, or use it instead.',
    data: { branch, id: owner.id },
  });
}

function checkedOut({ name, branch }: SessionRecord, { path: folder }: WorktreeEntry): HoldfastError {
  const text = `“${name}” cannot come back, for its branch ${branch} is checked out in ${folder}.`;
  return new HoldfastError('BRANCH_EXISTS', text, {
    advice: 'Check out another branch there, or remove that worktree if it is of no more use.',
    data: { branch, path: folder },
  });
}

function noRepository({ name, branch }: SessionRecord, root: string): HoldfastError {
  const text = `“${name}” cannot come back, for it works on ${branch} and ${root} is not a git repository.`;
  return new HoldfastError('NOT_A_REPOSITORY', text, {
    advice: 'Initialize a repository first.',
    data: { folder: root },
  });
}
