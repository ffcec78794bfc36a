import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { shareWork } from '../core/newcomers.ts';
import { isLive } from '../core/sessionRecord.ts';
import { type FoundWorktree, requireAdoptable } from '../node/adoptableWorktrees.ts';
import { defaultBase } from '../node/defaultBranch.ts';
import { asRemoteBranch, fetchRemote, listRemotes, newestOf, upstreamOf, usualRemote } from '../node/remotes.ts';
import { type Base, currentBase, type GitRepository, namedBase, resolveCommit } from '../node/repository.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { PlanContext } from './creationPlan.ts';
import { beginStep, gitWatch } from './creationWatch.ts';
import { requireDeserted } from './livingOwner.ts';
import type { CreateSessionOptions } from './sessionCreation.ts';

/** What a new branch is made from where nothing else is said: what is checked out, or the default branch. */
export type BaseChoice = 'head' | 'default';

/** What a new session works on; without a base it is the open folder itself. */
export interface Source {
  base?: Base;
  /** Where it is not made from the session's name. */
  branch?: string;
  /** Where the branch is made if there is none of that name; a full hash, the base's own if left out. */
  start?: string;
  /** The remote branch that it follows, such as `origin/x`. */
  upstream?: string;
  /** It is there already, and stays when the session goes. */
  adopted?: FoundWorktree;
}

/** Choices that say that a worktree is wanted. */
const worktreeChoices = ['branch', 'baseBranch', 'base', 'adoptWorktree'] as const;

/**
 * Decides what a session works on. Nothing is made; only what the remote has is brought in where that is wanted.
 *
 * @throws {HoldfastError} `NOT_A_REPOSITORY`, `NO_COMMITS`, `DETACHED_HEAD`, `INVALID_ARGUMENT`, `BRANCH_EXISTS`,
 *   `FETCH_FAILED`, `NOT_A_WORKTREE`, `WORKTREE_IN_USE`, `NO_FOLDER`, or the signal's reason
 */
export async function findSource(context: PlanContext, options: CreateSessionOptions): Promise<Source> {
  const { workplace } = context;
  requireFitting(options);
  if (options.worktree === false) return {};
  if (workplace.kind === 'folder') {
    const isWanted = options.worktree === true || worktreeChoices.some((choice) => options[choice] !== undefined);
    if (isWanted) throw noRepository(workplace.root);
    return {};
  }
  if (options.adoptWorktree !== undefined) return adopt(context, workplace, options.adoptWorktree);
  return branchSource(context, workplace, options);
}

function requireFitting(options: CreateSessionOptions): void {
  if (options.adoptWorktree === undefined) return;
  const others = (['branch', 'baseBranch', 'base', 'fetch', 'submodules'] as const).filter(
    (choice) => options[choice] !== undefined,
  );
  const misfit = options.worktree === false ? 'worktree' : others[0];
  if (misfit === undefined) return;
  throw new HoldfastError('INVALID_ARGUMENT', `adoptWorktree does not go with ${misfit}. Nothing was created.`, {
    advice: 'A worktree that is adopted keeps the branch that is checked out in it.',
  });
}

function noRepository(folder: string): HoldfastError {
  return new HoldfastError('NOT_A_REPOSITORY', `${folder} is not a git repository.`, {
    advice: 'Run the session without a worktree, or initialize a repository first.',
    data: { folder },
  });
}

async function branchSource(
  context: PlanContext,
  { root }: GitRepository,
  options: CreateSessionOptions,
): Promise<Source> {
  const { settings, watch } = context;
  const isFetched = options.fetch ?? settings().worktree?.fetch ?? false;
  const mayBeRemote = options.branch?.includes('/') || isFetched;
  const remotes = mayBeRemote ? await listRemotes(root) : [];
  if (isFetched) await fetchFor(context, root, { options, remotes });
  beginStep(watch);
  const { branch } = options;
  const theirs = branch === undefined ? undefined : await remoteBranch(root, branch, { remotes, isFetched });
  const isThere = theirs !== undefined || (branch !== undefined && (await hasBranch(root, branch)));
  const base = await findBase(context, root, { options, isThere, isFetched });
  return { base, ...(branch === undefined ? {} : { branch }), ...theirs };
}

function hasBranch(root: string, branch: string): Promise<boolean> {
  return resolveCommit(root, `refs/heads/${branch}`).then((commit) => commit !== undefined);
}

/** Fetches the one remote that what is asked for comes from; what is this clone's own needs none. */
async function fetchFor(
  { folder, settings, watch }: PlanContext,
  root: string,
  { options, remotes }: { options: CreateSessionOptions; remotes: readonly string[] },
): Promise<void> {
  const { branch, baseBranch, base = settings().worktree?.base } = options;
  const isDefault = baseBranch === undefined && base === 'default';
  const wanted = new Set<string | undefined>();
  if (branch !== undefined) wanted.add(asRemoteBranch(branch, remotes)?.remote);
  if (isDefault) wanted.add(usualRemote(remotes));
  else wanted.add(await remoteOf(root, baseBranch ?? (await currentBase(folder)).ref, remotes));
  for (const remote of wanted) {
    if (remote === undefined) continue;
    beginStep(watch, `Fetching ${remote}…`);
    await fetchRemote(root, remote, gitWatch(watch, `Fetching ${remote}: `));
  }
}

/** Where a base comes from: a tag or a commit that is not here yet may be at the usual remote. */
async function remoteOf(root: string, ref: string, remotes: readonly string[]): Promise<string | undefined> {
  const isLocal = await hasBranch(root, ref);
  const named = asRemoteBranch(isLocal ? ((await upstreamOf(root, ref)) ?? '') : ref, remotes);
  if (named || isLocal) return named?.remote;
  return (await resolveCommit(root, ref)) ? undefined : usualRemote(remotes);
}

/** What `origin/x` stands for where `x` is to be checked out. */
async function remoteBranch(
  root: string,
  ref: string,
  { remotes, isFetched }: { remotes: readonly string[]; isFetched: boolean },
): Promise<Source | undefined> {
  const named = (await hasBranch(root, ref)) ? undefined : asRemoteBranch(ref, remotes);
  if (!named) return undefined;
  const { branch, remote } = named;
  const start = await resolveCommit(root, `refs/remotes/${ref}`);
  if (start === undefined) {
    throw new HoldfastError('INVALID_ARGUMENT', `There is no branch ${branch} of “${remote}” here.`, {
      advice: isFetched
        ? 'Check its spelling; a clone of a single branch knows no other.'
        : 'Check its spelling, or fetch first.',
      data: { branch: ref },
    });
  }
  if (!(await hasBranch(root, branch))) return { branch, start, upstream: ref };
  if ((await upstreamOf(root, branch)) === ref) return { branch };
  throw new HoldfastError('BRANCH_EXISTS', `There is a branch ${branch} already, which does not follow ${ref}.`, {
    advice: `Take ${branch} itself, or make a new branch from ${ref}.`,
    data: { branch },
  });
}

async function findBase(
  { folder, settings }: PlanContext,
  root: string,
  { options, isThere, isFetched }: { options: CreateSessionOptions; isThere: boolean; isFetched: boolean },
): Promise<Base> {
  const { base = settings().worktree?.base ?? 'head', baseBranch } = options;
  if (baseBranch === undefined && base === 'default') return defaultBase(root);
  const found = baseBranch ? await namedBase(folder, baseBranch) : await currentBase(folder);
  // A branch that is there begins nowhere, and who names HEAD means it.
  if (found.isDetached && options.base === undefined && !isThere) throw detached(found);
  return isFetched ? newestOf(root, found) : found;
}

function detached({ ref }: Base): HoldfastError {
  return new HoldfastError('DETACHED_HEAD', 'No branch is checked out (detached HEAD).', {
    advice: 'Check out a branch, or start the session from this commit.',
    data: { commit: ref },
  });
}

async function adopt(context: PlanContext, repository: GitRepository, given: string): Promise<Source> {
  const folder = path.resolve(context.folder, given);
  const adopted = await requireAdoptable(repository, folder);
  const { branch, path: worktreePath } = adopted;
  // Connecting brings in the sessions of other windows.
  await context.helper.connect();
  const claim = { id: '', name: path.basename(worktreePath), branch, worktreePath } as SessionRecord;
  const owner = context.sessions().find((session) => isLive(session) && shareWork(session, claim));
  if (owner) throw inUse(owner, worktreePath);
  await requireDeserted(context, claim, worktreePath);
  const base = await defaultBase(repository.root).catch(() => currentBase(context.folder));
  return { base, branch, adopted };
}

function inUse({ id, name, branch }: SessionRecord, folder: string): HoldfastError {
  return new HoldfastError('WORKTREE_IN_USE', `“${name}” works on ${branch} in ${folder}. Nothing was created.`, {
    advice: 'Show that session instead, or destroy it first and keep its worktree.',
    data: { id, folder },
  });
}
