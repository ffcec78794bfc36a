import { withDeadline } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { readWorktreeLink } from '../node/worktreeLink.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** How long the disk of a worktree may take to answer; milliseconds. */
const patience = 5_000;

/**
 * Resolves where the session has no worktree, or git's files say that its folder is its own: a program must not be
 * started in what belongs to somebody else.
 *
 * @param key of the repository
 * @throws {HoldfastError} `NO_FOLDER`, `WORKTREE_MISMATCH`; `TIMEOUT` where its disk does not answer
 */
export async function requireOwnWorktree(record: SessionRecord, key: string): Promise<void> {
  if (!record.branch) return;
  const link = await withDeadline(readWorktreeLink(record, key), patience, () => silentDisk(record));
  if (link.state === 'gone') throw gone(record);
  if (link.state === 'foreign') throw mismatch(record, link.why);
}

const advice = '“Repair Worktree…” tells what can be done.';

function gone({ id, name, worktreePath }: SessionRecord): HoldfastError {
  const text = `The worktree of “${name}” is gone: ${worktreePath}.`;
  return new HoldfastError('NO_FOLDER', text, { advice, data: { id, folder: worktreePath } });
}

function mismatch({ id, name, worktreePath }: SessionRecord, why: string): HoldfastError {
  const text = `“${name}” was not started, for what is in the place of its worktree is ${why}: ${worktreePath}.`;
  return new HoldfastError('WORKTREE_MISMATCH', text, { advice, data: { id, folder: worktreePath } });
}

function silentDisk({ id, name, worktreePath }: SessionRecord): HoldfastError {
  const text = `“${name}” was not started, for the disk of its worktree does not answer: ${worktreePath}.`;
  return new HoldfastError('TIMEOUT', text, {
    advice: 'Try again once it is connected.',
    data: { id, folder: worktreePath },
  });
}
