import { describeError } from '../base/errors.ts';
import type { DestroyPreview } from '../core/destroyWords.ts';
import { isGoingOn } from '../core/sessionRecord.ts';
import { exists } from '../node/exists.ts';
import type { Workplace } from '../node/repository.ts';
import { worktreeOf } from '../node/sessionRemoval.ts';
import { lookAtWorktree, type SessionWorktree } from '../node/worktreeLook.ts';
import { isWorktree, lookAtTraces } from '../node/worktreeRemoval.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** What would go with a session, having changed nothing; what cannot be told is no reason not to be asked. */
export async function previewDestroy(workplace: Workplace, record: SessionRecord): Promise<DestroyPreview> {
  const { branch, baseBranch: base, metadata } = record;
  const common = { isRunning: isGoingOn(record), base, isAdopted: metadata?.ownsWorktree === false };
  if (!branch || workplace.kind !== 'git') return { worktree: 'none', ...common, isAdopted: false };
  try {
    return { ...common, ...(await look(worktreeOf(record, workplace.root))) };
  } catch (error) {
    return { worktree: 'unknown', reason: describeError(error).replace(/\.$/, ''), ...common };
  }
}

async function look(worktree: SessionWorktree): Promise<Pick<DestroyPreview, 'worktree' | 'loss' | 'reason'>> {
  if (!(await exists(worktree.path))) {
    const traces = await lookAtTraces(worktree);
    const reason = 'movedTo' in traces ? `${worktree.branch} is checked out in ${traces.movedTo}` : traces.reason;
    return { worktree: 'gone', ...(reason === undefined ? {} : { reason }) };
  }
  if (!(await isWorktree(worktree.path))) return { worktree: 'unknown', reason: 'it is no worktree any more' };
  return { worktree: 'there', loss: (await lookAtWorktree(worktree)).loss };
}
