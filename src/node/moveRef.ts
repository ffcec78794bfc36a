import { HoldfastError } from '../base/errors.ts';
import { hookEnvironment } from '../core/hookEnvironment.ts';
import { hasMoved, localChanges } from '../core/mergeErrors.ts';
import { branchIn, resolveBranch } from './branchTip.ts';
import { git, gitMessage } from './git.ts';
import { gitToItsEnd } from './gitToItsEnd.ts';
import { explainLock, whileLocked } from './whileLocked.ts';

export interface RefMove {
  branch: string;
  /** Where it must stand, and where it is to stand; full hashes. */
  from: string;
  to: string;
  /** What the reflog says of it. */
  reason: string;
}

/**
 * Moves a branch that is checked out nowhere, unless it has moved meanwhile: it does as a whole or not at all.
 *
 * @throws {HoldfastError} `REF_MOVED`, `LOCKED`, `HOOK_FAILED`, `GIT_FAILED`
 */
export async function moveRef(root: string, { branch, from, to, reason }: RefMove): Promise<void> {
  const args = ['update-ref', '--create-reflog', '-m', reason, `refs/heads/${branch}`, to, from];
  const move = () => git(args, { cwd: root, env: hookEnvironment(process.env) });
  await whileLocked(move).catch(async (error) => {
    throw await explainMove(root, { branch, from }, error);
  });
}

/**
 * Moves a branch forward where it is checked out, and that checkout’s files with it. Git does nothing where that would
 * overwrite anything that is not committed, ignored files included.
 *
 * @throws {HoldfastError} `REF_MOVED`, `LOCKED`, `HOOK_FAILED`, `LOCAL_CHANGES`, `GIT_FAILED`
 */
export async function moveCheckout(folder: string, { branch, from, to, reason }: RefMove): Promise<void> {
  const safe = ['--ff-only', '--no-overwrite-ignore', '--no-autostash', '--no-squash', '--no-stat', '--quiet'];
  const env = { ...hookEnvironment(process.env), GIT_REFLOG_ACTION: reason };
  const move = async () => {
    if ((await branchIn(folder)) !== branch) throw hasMoved(branch);
    await gitToItsEnd(['merge', ...safe, to], { cwd: folder, env });
  };
  await whileLocked(move).catch(async (error) => {
    // A hook that ends badly after the merge changes nothing about it.
    if ((await resolveBranch(folder, branch)) === to) return;
    throw await explainMove(folder, { branch, from }, error);
  });
}

/**
 * Takes a checkout back to where its branch stood, unless that has moved meanwhile; git refuses where that would lose
 * anything that is not committed.
 *
 * @throws {HoldfastError} `REF_MOVED`, `LOCKED`, `LOCAL_CHANGES`, `GIT_FAILED`
 */
export async function moveCheckoutBack(folder: string, { branch, from, to, reason }: RefMove): Promise<void> {
  const env = { ...hookEnvironment(process.env), GIT_REFLOG_ACTION: reason };
  const move = async () => {
    // Whoever held the lock before may have committed, and a reset asks for no old value.
    if ((await branchIn(folder)) !== branch || (await resolveBranch(folder, branch)) !== from) throw hasMoved(branch);
    await gitToItsEnd(['reset', '--keep', '--quiet', to], { cwd: folder, env });
  };
  await whileLocked(move).catch((error) => {
    throw explainOverwriting(error, folder);
  });
}

async function explainMove(
  cwd: string,
  { branch, from }: Pick<RefMove, 'branch' | 'from'>,
  error: unknown,
): Promise<unknown> {
  const message = gitMessage(error);
  if (/aborted by (the reference-transaction )?hook/.test(message)) return refused(branch, message, error);
  const now = await resolveBranch(cwd, branch);
  if (now !== from) return hasMoved(branch, error);
  return explainOverwriting(explainLock(error), cwd);
}

function refused(branch: string, message: string, cause: unknown): HoldfastError {
  return new HoldfastError(
    'HOOK_FAILED',
    `A hook of this repository did not let ${branch} move. Nothing was changed.`,
    {
      advice: 'Its output says why.',
      data: { branch, output: message },
      cause,
    },
  );
}

/** The error of a git that would have overwritten something as advice; any other as it is. */
export function explainOverwriting(error: unknown, folder: string): unknown {
  const message = gitMessage(error);
  if (!/would be overwritten|not uptodate|untracked files in (it|them)|local changes/i.test(message)) return error;
  const listed = message.split('\n').filter((line) => line.startsWith('\t'));
  const named = /^error: Updating '(.+)' would lose/m.exec(message)?.[1];
  const files = listed.length > 0 ? listed.map((line) => line.trim()) : named === undefined ? [] : [named];
  return localChanges(folder, files, error);
}
