import { HoldfastError } from '../base/errors.ts';
import type { GitRepository } from '../node/repository.ts';
import { readWorktreeNotes } from '../node/worktreeTags.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { findHostOf } from './doctor/processSearch.ts';
import { mayHaveHost, readSessionFolder } from './doctor/sessionFolders.ts';
import { probeSocket } from './doctor/socketProbe.ts';
import type { SessionManagerOptions } from './sessionManager.ts';

type OwnerContext = Pick<SessionManagerOptions, 'machine' | 'workplace'>;

/**
 * Whether a worktree is left to be had by a session: no other one's process may be in it, and its tag must not be that
 * of another one that was never destroyed.
 *
 * @throws {HoldfastError} `SESSION_RUNNING`, `FOLDER_EXISTS`
 */
export async function requireDeserted(
  context: OwnerContext,
  { id, name }: SessionRecord,
  folder: string,
): Promise<void> {
  const notes = await readWorktreeNotes((context.workplace as GitRepository).commonDir);
  const tag = notes.find((note) => note.path === folder)?.tag;
  if (!tag || tag.id === id) return;
  await requireEnded(context, tag);
  if (tag.deletedAt !== undefined) return;
  throw new HoldfastError(
    'FOLDER_EXISTS',
    `“${name}” cannot come back, for its worktree is that of “${tag.name}” now.`,
    {
      advice: `Nothing was changed. ${waysBack(tag.name)}`,
      data: { id: tag.id, folder },
    },
  );
}

/** @throws {HoldfastError} `SESSION_RUNNING` where the session's process lives, or may, though no list has the session. */
export async function requireEnded(
  { machine, workplace }: OwnerContext,
  { id, name }: Pick<SessionRecord, 'id' | 'name'>,
): Promise<void> {
  const { key } = workplace;
  const session = await readSessionFolder(machine, key, id);
  const sockets = new Set([session.places.socket, session.host?.socket ?? session.places.socket]);
  const listening = await Promise.all([...sockets].map(probeSocket));
  const lives = mayHaveHost(session) || listening.includes('living') || (await findHostOf(key, id)) !== undefined;
  if (!lives) return;
  throw new HoldfastError('SESSION_RUNNING', `“${name}” still runs, though it is in no list. Nothing was changed.`, {
    advice: `A second process would work in its worktree. ${waysBack(name)}`,
    data: { id },
  });
}

function waysBack(name: string): string {
  return `“Holdfast: Rebuild Sessions…” or “holdfast doctor --fix” brings “${name}” itself back.`;
}
