import { HoldfastError } from '../base/errors.ts';
import { describeLoss } from '../core/lostWork.ts';
import { shareWork } from '../core/newcomers.ts';
import type { RemovalChoice } from '../core/removalNote.ts';
import { isGoingOn, wasStarted } from '../core/sessionRecord.ts';
import { exists } from '../node/exists.ts';
import { pausePoint } from '../node/pausePoint.ts';
import type { GitRepository } from '../node/repository.ts';
import { type RemovalOutcome, worktreeOf } from '../node/sessionRemoval.ts';
import { isWorktreeOf } from '../node/worktree.ts';
import { lookAtWorktree } from '../node/worktreeLook.ts';
import { type KeptWork, removeUnlessNeeded } from '../node/worktreeRemoval.ts';
import type { LaunchSpec } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { archiveToReturn, returnFromArchive } from './archivedReturn.ts';
import { whileCreating } from './creationLock.ts';
import { bringIncluded } from './includedFiles.ts';
import { type CreatedSession, type CreationContext, sentences, told } from './sessionCreation.ts';
import { type SetupChoice, sessionLaunch } from './sessionLaunch.ts';
import { completeWorktree, ownsWorktree, tagSession } from './sessionWorktree.ts';
import { runTeardown } from './teardown.ts';
import { removalOf, type WorktreeChoice, WorktreeFarewell } from './worktreeFarewell.ts';

/** How long a session's process may take to end after the hangup; milliseconds. */
export const stopGrace = 5_000;

/** What it takes to end sessions, and to start them again. */
export interface LifeContext
  extends Pick<CreationContext, 'machine' | 'workplace' | 'settings' | 'helper' | 'sessions'> {
  /** Saves what the helper has for good, where this client has a list of its own. */
  keepDone: (record: SessionRecord) => Promise<SessionRecord>;
}

export interface DestroyedSession extends RemovalOutcome {
  record: SessionRecord;
}

export interface DestroyOptions {
  /** What is to become of the worktree; without it, it goes only where nothing is lost, else it is kept. */
  worktree?: WorktreeChoice | undefined;
  /** True leaves out what is to be run in it before it goes. */
  skipTeardown?: boolean | undefined;
  /** Called with what runs that, which can be cancelled by {@link teardownCancelled}. */
  aroundTeardown?: ((run: (signal?: AbortSignal) => Promise<void>) => Promise<void>) | undefined;
}

export interface RestartOptions {
  /** Its command's own way to go on where it was is taken, where it has one. */
  isResumed?: boolean;
  /** Whether the setup of its worktree is run; without it, as long as that has not succeeded. */
  setup?: SetupChoice;
}

/**
 * Stops the session's process if it runs, and starts its command anew in the same worktree; where its creation
 * was cut short, it gets its worktree first.
 *
 * @throws {HoldfastError} `NO_FOLDER`, `SESSION_RUNNING`, `SESSION_NOT_FOUND` and what a start throws
 */
export async function restartSession(
  context: LifeContext,
  record: SessionRecord,
  options: RestartOptions = {},
): Promise<CreatedSession> {
  if (wasStarted(record)) return { record: await startAnew(context, record, options) };
  return whileCreating(context, record, async () => {
    const { workplace } = context;
    if (!record.branch || workplace.kind !== 'git') return { record: await startAnew(context, record, options) };
    const isNew = !(await exists(record.worktreePath)) || record.setup?.state === 'pending';
    const notice = await makeWorktree(workplace, record);
    const brought = isNew ? await bringIncluded({ ...context, repository: workplace }, record) : undefined;
    const started = await startAnew(context, isNew ? withNewWorktree(record) : record, options).catch(async (error) => {
      throw await undoRestart(context, record, error);
    });
    return told(started, sentences([notice, brought]));
  });
}

/** As it was archived, where it was; else of its branch. */
async function makeWorktree(repository: GitRepository, record: SessionRecord): Promise<string | undefined> {
  const archive = await archiveToReturn(repository, record);
  if (!archive) return completeWorktree(repository, record);
  await returnFromArchive(repository, record, archive);
  return `The worktree of “${record.name}” came back as it was archived.`;
}

/**
 * Stops the session and forgets it. Its worktree goes where that loses no work, or where `worktree` says so; all of it
 * is archived first.
 *
 * @throws {HoldfastError} `SESSION_RUNNING` where it does not end, or another window starts it meanwhile;
 *   `TEARDOWN_FAILED` or `CANCELLED`, and then only its process was ended
 */
export async function destroySession(
  context: LifeContext,
  { id }: SessionRecord,
  { worktree, skipTeardown = false, aroundTeardown = (run) => run() }: DestroyOptions = {},
): Promise<DestroyedSession> {
  const record = await endSession(context, id);
  const { workplace } = context;
  const other = context.sessions().find((session) => shareWork(session, record));
  if (!record.branch || workplace.kind !== 'git' || other) return forgetOnly(context, record, other);
  const removal = removalOf(record, worktree);
  if ('stays' in removal) {
    const kept = { path: record.worktreePath, reason: removal.stays };
    return forget(context, record, async () => ({ kept }));
  }
  const goes = () => mayGo(workplace, record, removal);
  if (!skipTeardown) await aroundTeardown((signal) => runTeardown(context, record, { goes, signal }));
  const farewell = await WorktreeFarewell.begin(context, workplace, { record, ...removal });
  return forget(context, record, () => farewell.carryOut()).catch(async (error) => {
    await farewell.end(isRefused(error));
    throw error;
  });
}

/** What is to go only where nothing is lost may stay, with all that it needs. */
async function mayGo(
  { root }: GitRepository,
  record: SessionRecord,
  { choice }: { choice: RemovalChoice },
): Promise<boolean> {
  if (choice !== 'auto') return true;
  const look = await lookAtWorktree(worktreeOf(record, root)).catch(() => undefined);
  return look !== undefined && describeLoss(look.loss).length === 0;
}

/** The session stays; after any other error it may be forgotten all the same, and the helper finds out. */
function isRefused(error: unknown): boolean {
  return error instanceof HoldfastError && ['SESSION_RUNNING', 'REVISION_CONFLICT'].includes(error.code);
}

/** What another session has is marked as its own. */
async function forgetOnly(
  context: LifeContext,
  record: SessionRecord,
  other: SessionRecord | undefined,
): Promise<DestroyedSession> {
  const tombstone = await context.helper.delete(record);
  await context.keepDone(tombstone);
  return other ? { record: tombstone, kept: inUse(record, other) } : { record: tombstone };
}

/** Once it is forgotten, no other window can start it in the worktree that goes. */
async function forget(
  context: LifeContext,
  record: SessionRecord,
  remove: () => Promise<RemovalOutcome>,
): Promise<DestroyedSession> {
  const tombstone = await context.helper.delete(record);
  await pausePoint('destroy-forgotten');
  const outcome = await remove();
  if (outcome.kept && !outcome.isPending && !outcome.isForeign) await tagKept(context, tombstone);
  await context.keepDone(tombstone);
  return { record: tombstone, ...outcome };
}

/** What an earlier worktree was made ready with is gone. */
function withNewWorktree(record: SessionRecord): SessionRecord {
  return { ...record, setup: { state: 'pending' } };
}

/** Asks even if the record says that nothing runs: another window may have started it just now. */
async function endSession({ helper }: LifeContext, id: string): Promise<SessionRecord> {
  const record = await helper.stop(id, stopGrace);
  if (!isGoingOn(record)) return record;
  throw new HoldfastError('SESSION_RUNNING', `“${record.name}” cannot be stopped. Nothing was changed.`, {
    advice: 'Its session host does not answer; try again once it does.',
    data: { id },
  });
}

async function startAnew(
  context: LifeContext,
  record: SessionRecord,
  { isResumed = false, setup }: RestartOptions,
): Promise<SessionRecord> {
  const launch = await launchAgain(context, record, setup);
  await endSession(context, record.id);
  const { resume = {} } = launch;
  return context.keepDone(await context.helper.start(isResumed ? { ...launch, ...resume } : launch));
}

/** Before anything is stopped it is known whether the session can start again. */
async function launchAgain(context: LifeContext, record: SessionRecord, setup?: SetupChoice): Promise<LaunchSpec> {
  try {
    return await sessionLaunch(context, record, setup);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'NO_FOLDER') throw error;
    throw new HoldfastError('NO_FOLDER', `The folder of “${record.name}” is gone: ${String(error.data.folder)}.`, {
      advice: record.branch
        ? `Bring it back with “git worktree add”, or destroy the session; ${record.branch} is kept if it has work.`
        : 'Bring it back, or destroy the session.',
      data: { id: record.id, ...error.data },
      cause: error,
    });
  }
}

/** Another window has destroyed the session, and may not have seen the worktree that was just made for it. */
async function undoRestart(context: LifeContext, record: SessionRecord, error: unknown): Promise<unknown> {
  if (!(error instanceof HoldfastError) || error.code !== 'SESSION_NOT_FOUND') return error;
  const kept = await removeWorktree(context, record);
  if (!kept) return error;
  const { id, name } = record;
  return new HoldfastError('SESSION_NOT_FOUND', `“${name}” was destroyed meanwhile by another window.`, {
    advice: `Its worktree was kept (${kept.reason}): ${kept.path}.`,
    data: { id, kept },
    cause: error,
  });
}

/** Says in the worktree itself that its session was destroyed; where that cannot be, the helper knows it still. */
async function tagKept({ workplace }: LifeContext, tombstone: SessionRecord): Promise<void> {
  if (workplace.kind !== 'git') return;
  const isIts = await isWorktreeOf(workplace, tombstone.worktreePath).catch(() => false);
  if (isIts) await tagSession(workplace, tombstone).catch(() => undefined);
}

async function removeWorktree({ workplace }: LifeContext, record: SessionRecord): Promise<KeptWork | undefined> {
  if (!record.branch) return undefined;
  if (!ownsWorktree(record)) return { path: record.worktreePath, reason: 'it was there before the session' };
  return removeUnlessNeeded(worktreeOf(record, workplace.root));
}

function inUse({ worktreePath }: SessionRecord, { name }: SessionRecord): KeptWork {
  return { path: worktreePath, reason: `“${name}” works in it` };
}
