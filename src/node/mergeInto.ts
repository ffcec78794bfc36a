import { HoldfastError, toErrorShape } from '../base/errors.ts';
import { parseChanges } from '../core/localChanges.ts';
import { branchGone, hasMoved, inConflict, noTarget, nothingToMerge, ofItself } from '../core/mergeErrors.ts';
import { mergeMessage, squashMessage, subjectOf, tidyMessage } from '../core/mergeMessage.ts';
import type { FileChange, MergeOutcome, MergePlan, MergeWay } from '../core/mergePlan.ts';
import type { MergeConflict } from '../core/mergeTree.ts';
import { branchBehind, resolveBranch } from './branchTip.ts';
import { git, tryGit } from './git.ts';
import { inUtf8, mergeTrees, requireIdentity, requireMergeTree, treeOf, writeCommit } from './mergeCommits.ts';
import { checkoutOf, requireRoom } from './mergeTarget.ts';
import { moveCheckout, moveCheckoutBack, moveRef } from './moveRef.ts';
import { pausePoint } from './pausePoint.ts';
import { replayCommits } from './replayCommits.ts';
import type { GitRepository } from './repository.ts';
import { treeTimeout } from './worktreeRemoval.ts';

export interface MergeRequest {
  repository: GitRepository;
  /** A checkout whose attributes, such as merge drivers, count; the repository’s root where there is no other. */
  cwd: string;
  branch: string;
  into: string;
  how: MergeWay;
  /** The first line of a squashed commit that stands for several. */
  title: string;
}

/** The branches of a merge, as they stand. */
interface Ends {
  ours: string;
  theirs: string;
  /** The target has nothing that the branch does not have. */
  isAhead: boolean;
}

/**
 * Finds out what a merge would do. Nothing is touched: only objects are written, that git forgets where they are not used.
 *
 * @throws {HoldfastError} `BRANCH_GONE`, `INVALID_ARGUMENT`, `NOTHING_TO_MERGE`, `UNRELATED_HISTORIES`,
 *   `MERGE_COMMITS`, `NO_IDENTITY`, `GIT_TOO_OLD`, `GIT_FAILED`; conflicts and what is in the way are in the plan
 */
export async function planMerge(asked: MergeRequest): Promise<MergePlan> {
  const { cwd, branch, how, repository } = asked;
  // Checkouts know a branch by its own name alone.
  const into = await branchBehind(repository.root, asked.into);
  const request = { ...asked, into };
  const ends = await readEnds(request);
  const messages = await readMessages(cwd, ends);
  const { result, conflicts } = await prepare(request, ends);
  const changed = 'tree' in result ? result.tree : await treeOf(cwd, result.commit);
  const files = await readChanges(cwd, ends.ours, changed);
  if (how !== 'merge' && files.length === 0 && conflicts.length === 0) throw nothingToMerge(branch, into);
  return {
    ...{ how, branch, commit: ends.theirs, into, intoCommit: ends.ours, result, files, conflicts, warnings: [] },
    subjects: messages.map(subjectOf),
    ...messageFor(request, messages),
    ...(await lookAtTarget(repository, into, files)),
  };
}

/**
 * Does what was planned, as a whole or not at all, also where this process is killed.
 *
 * @param message of the commit that is made; what the plan suggests where left out
 * @throws {HoldfastError} `MERGE_CONFLICT`, `REF_MOVED`, `LOCKED`, `HOOK_FAILED`, `LOCAL_CHANGES`,
 *   `OPERATION_IN_PROGRESS`, `BRANCH_EXISTS`, `GIT_FAILED`
 */
export async function performMerge(
  { repository, cwd }: Pick<MergeRequest, 'repository' | 'cwd'>,
  plan: MergePlan,
  message = plan.message ?? '',
): Promise<MergeOutcome> {
  const { how, branch, into, intoCommit: from, files, subjects } = plan;
  if (plan.conflicts.length > 0) throw inConflict(plan);
  // The user may have taken their time.
  if ((await resolveBranch(repository.root, into)) !== from) throw hasMoved(into);
  await roomyCheckoutOf(repository, into, files);
  const to = await commitOf(cwd, plan, message);
  await pausePoint('merge-committed');
  // While the user was asked to sign it, the target may have been checked out.
  const checkout = await roomyCheckoutOf(repository, into, files);
  await pausePoint('merge-looked');
  const move = { branch: into, from, to, reason: `holdfast: ${how} ${branch}` };
  if (checkout === undefined) await moveRef(repository.root, move);
  else await moveCheckout(checkout, move);
  await pausePoint('merge-moved');
  const outcome = { how, branch, into, from, to, commits: subjects.length, files: files.length };
  return checkout === undefined ? outcome : { ...outcome, checkout };
}

/**
 * Takes a merge back, where nothing has come after it.
 *
 * @throws {HoldfastError} `REF_MOVED`, `LOCAL_CHANGES`, `LOCKED`, `OPERATION_IN_PROGRESS`, `GIT_FAILED`
 */
export async function undoMerge(repository: GitRepository, { branch, into, from, to }: MergeOutcome): Promise<void> {
  const move = { branch: into, from: to, to: from, reason: `holdfast: undo the merge of ${branch}` };
  const checkout = await checkoutOf(repository, into);
  if ((await resolveBranch(repository.root, into)) !== to) throw hasMoved(into);
  if (checkout === undefined) return moveRef(repository.root, move);
  await requireRoom(checkout, await readChanges(repository.root, to, from));
  await moveCheckoutBack(checkout, move);
}

async function readEnds({ cwd, branch, into, repository }: MergeRequest): Promise<Ends> {
  if (branch === into) throw ofItself(branch);
  const theirs = await resolveBranch(cwd, branch);
  if (theirs === undefined) throw branchGone(branch);
  const ours = await resolveBranch(cwd, into);
  if (ours === undefined) throw noTarget(into);
  const base = (await tryGit(['merge-base', ours, theirs], { cwd }))?.trim();
  if (base === undefined) throw await unrelated(repository, branch, into);
  if (base === theirs) throw nothingToMerge(branch, into);
  return { ours, theirs, isAhead: base === ours };
}

/** What the target becomes; where it has nothing of its own there is nothing to put together. */
async function prepare(
  { cwd, how }: MergeRequest,
  { ours, theirs, isAhead }: Ends,
): Promise<{ result: MergePlan['result']; conflicts: MergeConflict[] }> {
  if (isAhead && how === 'rebase') return { result: { commit: theirs }, conflicts: [] };
  await requireIdentity(cwd);
  if (isAhead) return { result: { tree: await treeOf(cwd, theirs) }, conflicts: [] };
  await requireMergeTree(cwd);
  if (how !== 'rebase') {
    const { tree, conflicts } = await mergeTrees(cwd, ours, theirs);
    return { result: { tree }, conflicts };
  }
  const replayed = await replayCommits(cwd, ours, theirs);
  if ('conflicts' in replayed) return { result: { tree: replayed.tree }, conflicts: replayed.conflicts };
  return { result: { commit: replayed.commit }, conflicts: [] };
}

/** Oldest first. */
async function readMessages(cwd: string, { ours, theirs }: Ends): Promise<string[]> {
  const plain = ['--reverse', '--topo-order', '--no-show-signature', '--no-notes', '--no-color'];
  const text = await git([...inUtf8, 'log', ...plain, '--format=%B%x00', `${ours}..${theirs}`], { cwd });
  return text.split('\0').slice(0, -1);
}

async function readChanges(cwd: string, from: string, to: string): Promise<FileChange[]> {
  const args = ['diff-tree', '-r', '-z', '--no-renames', '--name-status', '--end-of-options', from, to];
  return parseChanges(await git(args, { cwd, timeout: treeTimeout }));
}

function messageFor({ how, branch, into, title }: MergeRequest, messages: string[]): { message?: string } {
  if (how === 'rebase') return {};
  return { message: how === 'merge' ? mergeMessage(branch, into) : squashMessage(title, messages) };
}

/** The folder in which the target is checked out, if any, once its files can be changed. */
async function roomyCheckoutOf(
  repository: GitRepository,
  into: string,
  files: readonly FileChange[],
): Promise<string | undefined> {
  const checkout = await checkoutOf(repository, into);
  if (checkout !== undefined) await requireRoom(checkout, files);
  return checkout;
}

/** Whoever only wants to know is told what is in the way, too. */
async function lookAtTarget(
  repository: GitRepository,
  into: string,
  files: readonly FileChange[],
): Promise<Pick<MergePlan, 'checkout' | 'obstacle'>> {
  let path: string | undefined;
  try {
    path = await checkoutOf(repository, into);
    if (path === undefined) return {};
    await requireRoom(path, files);
    return { checkout: { path } };
  } catch (error) {
    return { ...(path === undefined ? {} : { checkout: { path } }), obstacle: toErrorShape(error) };
  }
}

async function commitOf(cwd: string, plan: MergePlan, message: string): Promise<string> {
  const { result, how, intoCommit, commit } = plan;
  if ('commit' in result) return result.commit;
  const parents = how === 'merge' ? [intoCommit, commit] : [intoCommit];
  return writeCommit(cwd, { tree: result.tree, parents, message: requireMessage(message) });
}

function requireMessage(message: string): string {
  if (message.trim()) return tidyMessage(message);
  throw new HoldfastError('INVALID_ARGUMENT', 'A commit needs a message. Nothing was changed.');
}

async function unrelated({ root }: GitRepository, branch: string, into: string): Promise<HoldfastError> {
  const isShallow = (await tryGit(['rev-parse', '--is-shallow-repository'], { cwd: root }))?.trim() === 'true';
  const advice = isShallow
    ? 'This clone is shallow: “git fetch --unshallow” brings the rest of the history.'
    : 'Merge them in a terminal with “git merge --allow-unrelated-histories” if that is meant.';
  return new HoldfastError('UNRELATED_HISTORIES', `${branch} and ${into} have no commit in common.`, {
    advice: `${advice} Nothing was changed.`,
    data: { branch, into },
  });
}
