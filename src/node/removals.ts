import type { RemovalNote } from '../core/removalNote.ts';
import type { RemovalNotes } from './removalNotes.ts';
import type { GitRepository } from './repository.ts';
import { type RemovalOutcome, removeSessionWorktree } from './sessionRemoval.ts';
import { unlockWorktree } from './worktreeLock.ts';

/**
 * Goes on with a removal as far as it goes. The note stays until the worktree is gone, or is to stay for good.
 *
 * The caller holds the note's lock.
 */
export async function carryOut(
  notes: RemovalNotes,
  repository: GitRepository,
  note: RemovalNote,
): Promise<RemovalOutcome> {
  let current = note;
  const keep = async (changed: RemovalNote) => {
    current = changed;
    await notes.write(changed);
  };
  const outcome = await removeSessionWorktree({ repository, note, keep });
  // What stays for good is the user's alone.
  if (outcome.kept && !outcome.isPending && !outcome.isForeign)
    await unlockWorktree(repository.root, note.session.worktreePath).catch(() => undefined);
  if (outcome.isPending) await notes.write(failed(current, outcome)).catch(() => undefined);
  else await notes.delete(note.session.id);
  return outcome;
}

function failed(note: RemovalNote, { kept }: RemovalOutcome): RemovalNote {
  const reason = kept === undefined ? {} : { reason: kept.reason };
  return { ...note, ...reason, attempts: note.attempts + 1, triedAt: new Date().toISOString() };
}
