import { HoldfastError } from '../base/errors.ts';
import { branchIn } from '../node/branchTip.ts';
import { exists } from '../node/exists.ts';
import { requireNoOperation } from '../node/gitOperation.ts';
import type { GitRepository, Workplace } from '../node/repository.ts';
import { isWorktreeOf } from '../node/worktree.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** Where a session’s work is. */
export interface SessionCheckout {
  repository: GitRepository;
  /** Its worktree; undefined where that is gone and only its branch is left. */
  folder: string | undefined;
}

/** @throws {HoldfastError} `NO_WORKTREE` for a session that runs in a folder that is not its own. */
export async function findCheckout(workplace: Workplace, record: SessionRecord): Promise<SessionCheckout> {
  const { id, name, branch, worktreePath } = record;
  if (workplace.kind !== 'git' || !branch) {
    throw new HoldfastError('NO_WORKTREE', `“${name}” has no branch and no worktree of its own.`, {
      advice: 'Commit, merge and push in the folder that it runs in, as you do otherwise.',
      data: { id },
    });
  }
  const isThere = (await exists(worktreePath)) && (await isWorktreeOf(workplace, worktreePath));
  return { repository: workplace, folder: isThere ? worktreePath : undefined };
}

/** @throws {HoldfastError} `NO_FOLDER` where the worktree is gone, and as {@link findCheckout} */
export async function requireWorktree(
  workplace: Workplace,
  record: SessionRecord,
): Promise<SessionCheckout & { folder: string }> {
  const { repository, folder } = await findCheckout(workplace, record);
  if (folder !== undefined) return { repository, folder };
  throw new HoldfastError('NO_FOLDER', `The worktree of “${record.name}” is gone: ${record.worktreePath}.`, {
    data: { id: record.id, folder: record.worktreePath },
  });
}

/**
 * Its worktree has its branch checked out and is in the middle of nothing: what is on the branch is what one sees there.
 *
 * @throws {HoldfastError} `OPERATION_IN_PROGRESS`, `DETACHED_HEAD`, `BRANCH_SWITCHED`
 */
export async function requireOnBranch(folder: string, { id, name, branch }: SessionRecord): Promise<void> {
  await requireNoOperation(folder);
  const current = await branchIn(folder);
  if (current === branch) return;
  if (current === undefined) {
    throw new HoldfastError('DETACHED_HEAD', `No branch is checked out in the worktree of “${name}” (detached HEAD).`, {
      advice: `Check out ${branch} there first. Nothing was changed.`,
      data: { id, folder },
    });
  }
  throw new HoldfastError('BRANCH_SWITCHED', `The worktree of “${name}” is on ${current} now, not on ${branch}.`, {
    advice: `Switch it back to ${branch} first. Nothing was changed.`,
    data: { id, folder, branch: current },
  });
}

/** The same error, which says also to programs which session it is about. */
export function aboutSession({ id }: SessionRecord, error: unknown): unknown {
  if (!(error instanceof HoldfastError) || error.data.id !== undefined) return error;
  const { code, message, advice, data } = error;
  return new HoldfastError(code, message, { ...(advice ? { advice } : {}), data: { id, ...data }, cause: error });
}
