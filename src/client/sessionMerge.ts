import { HoldfastError } from '../base/errors.ts';
import { describeOverlaps } from '../core/changesPresentation.ts';
import { counted, type MergeOutcome, type MergePlan, type MergeWay } from '../core/mergePlan.ts';
import { listOf } from '../core/presentation.ts';
import { isRunning } from '../core/sessionRecord.ts';
import { countUncommitted } from '../core/worktreeStatus.ts';
import { resolveBranch } from '../node/branchTip.ts';
import { readUncommitted } from '../node/commitAll.ts';
import { git } from '../node/git.ts';
import { performMerge, planMerge } from '../node/mergeInto.ts';
import { localBranches, type Workplace } from '../node/repository.ts';
import type { Overlap } from '../protocol/changes.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { findCheckout, requireOnBranch, type SessionCheckout } from './sessionCheckout.ts';

/** How many sessions that are in the way are told of. */
const maxOverlaps = 5;

export interface MergeContext {
  workplace: Workplace;
  /** All sessions that live. */
  sessions: () => readonly SessionRecord[];
  /** The sessions that one is in the way of, as far as that is known. */
  overlapsOf?: (id: string) => readonly Overlap[];
}

export interface MergeOptions {
  /** A local branch; the session’s base if left out. */
  into?: string;
  how?: MergeWay;
}

/** What a merge of a session’s work would do. */
export interface SessionMergePlan extends MergePlan {
  /** How many files of its worktree are not committed, and so are not merged. */
  uncommitted: number;
}

/**
 * Finds out what a merge would do, having touched nothing.
 *
 * @throws {HoldfastError} `NO_WORKTREE`, `DETACHED_HEAD`, `BRANCH_SWITCHED`, `OPERATION_IN_PROGRESS` in the session’s own
 *   worktree, and what {@link planMerge} throws
 */
export async function planSessionMerge(
  context: MergeContext,
  record: SessionRecord,
  options: MergeOptions = {},
): Promise<SessionMergePlan> {
  const checkout = await findCheckout(context.workplace, record);
  const { folder, repository } = checkout;
  if (folder !== undefined) await requireOnBranch(folder, record);
  const uncommitted = folder === undefined ? 0 : countUncommitted(await readUncommitted(folder));
  const into = options.into ?? (await baseBranchOf(checkout, record));
  const request = { repository, cwd: folder ?? repository.root, branch: record.branch, into };
  const how = options.how ?? 'merge';
  const plan = await planMerge({ ...request, how, title: record.name }).catch((error) => {
    throw withUncommitted(error, uncommitted);
  });
  return {
    ...plan,
    ...namedCheckout(context, plan),
    uncommitted,
    warnings: warningsOf(context, record, plan, uncommitted),
  };
}

/** @throws {HoldfastError} see {@link performMerge} */
export async function mergeSession(
  { workplace }: MergeContext,
  record: SessionRecord,
  plan: MergePlan,
  message?: string,
): Promise<MergeOutcome> {
  const { repository, folder } = await findCheckout(workplace, record);
  return performMerge({ repository, cwd: folder ?? repository.root }, plan, message);
}

/** The local branches that a session can be merged into, its base first; empty where there is none. */
export async function mergeTargets({ workplace }: MergeContext, record: SessionRecord): Promise<string[]> {
  const checkout = await findCheckout(workplace, record);
  const branches = (await localBranches(checkout.repository.root)).filter((branch) => branch !== record.branch);
  const base = await baseBranchOf(checkout, record).catch(() => undefined);
  return base === undefined ? branches : [base, ...branches.filter((branch) => branch !== base)];
}

/** The local branch that a session’s base is, or that is called as the remote one that it is. */
async function baseBranchOf({ repository }: SessionCheckout, { id, name, baseBranch }: SessionRecord): Promise<string> {
  const { root } = repository;
  const remotes = (await git(['remote'], { cwd: root })).split('\n').filter(Boolean);
  const prefix = remotes.find((remote) => baseBranch.startsWith(`${remote}/`));
  const names = [baseBranch, ...(prefix === undefined ? [] : [baseBranch.slice(prefix.length + 1)])];
  for (const branch of names) if (await resolveBranch(root, branch)) return branch;
  throw new HoldfastError('BRANCH_GONE', `The base of “${name}”, ${baseBranch}, is no local branch (any more).`, {
    advice: 'Choose a branch to merge into.',
    data: { id, branch: baseBranch },
  });
}

function namedCheckout(context: MergeContext, { checkout }: MergePlan): Pick<MergePlan, 'checkout'> {
  if (!checkout) return {};
  const session = workerIn(context, checkout.path);
  return { checkout: { ...checkout, ...(session ? { session: session.name } : {}) } };
}

function workerIn({ sessions }: MergeContext, folder: string): SessionRecord | undefined {
  const workers = sessions().filter(({ worktreePath }) => worktreePath === folder);
  return workers.find(isRunning) ?? workers.find(({ branch }) => branch !== '');
}

function warningsOf(context: MergeContext, record: SessionRecord, plan: MergePlan, uncommitted: number): string[] {
  const worker = plan.checkout && workerIn(context, plan.checkout.path);
  const warnings = [
    uncommitted > 0 ? `${counted(uncommitted, 'uncommitted file')} in its worktree will not be merged.` : '',
    isRunning(record) ? `“${record.name}” runs: what it commits from now on will not be merged.` : '',
    worker ? `“${worker.name}” ${isRunning(worker) ? 'runs' : 'has its work'} there.` : '',
  ];
  return [...plan.warnings, ...warnings.filter(Boolean), ...overlapWarnings(context, record)];
}

/** What others change as well may conflict once this is merged. */
function overlapWarnings({ sessions, overlapsOf }: MergeContext, record: SessionRecord): string[] {
  const nameOf = (id: string) => `“${sessions().find((one) => one.id === id)?.name ?? 'another session'}”`;
  const lines = describeOverlaps(record, overlapsOf?.(record.id) ?? [], nameOf);
  return listOf(lines, maxOverlaps).map((line) => `${line.charAt(0).toUpperCase()}${line.slice(1)}.`);
}

/** That nothing is committed is not to hide that there is something to commit. */
function withUncommitted(error: unknown, uncommitted: number): unknown {
  if (!(error instanceof HoldfastError) || error.code !== 'NOTHING_TO_MERGE' || uncommitted === 0) return error;
  return new HoldfastError('NOTHING_TO_MERGE', error.message, {
    advice: `Commit first: ${counted(uncommitted, 'file')} in its worktree ${uncommitted === 1 ? 'is' : 'are'} not committed.`,
    data: { ...error.data, uncommitted },
    cause: error,
  });
}
