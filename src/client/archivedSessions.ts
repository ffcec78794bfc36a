import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { findListed } from '../core/savedSession.ts';
import { wasStarted } from '../core/sessionRecord.ts';
import { ArchivedVariables } from '../node/archivedVariables.ts';
import {
  deleteArchive,
  type ListedArchive,
  listArchives,
  type OpenedArchive,
  openArchive,
} from '../node/archiveList.ts';
import { exists } from '../node/exists.ts';
import { repositoryPlaces } from '../node/places.ts';
import { type GitRepository, listWorktrees, type Workplace } from '../node/repository.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { lacksWorktree, returnFromArchive } from './archivedReturn.ts';
import { ArchivedWorktree, type ChosenBranch, chooseBranch, headNotice } from './archivedWorktree.ts';
import { whileCreating } from './creationLock.ts';
import { requireEnded } from './livingOwner.ts';
import { type CreationContext, createSession, type Restoration } from './sessionCreation.ts';
import {
  creationOptions,
  type RestoredSession,
  type RestoreOptions,
  withOwnConversation,
} from './sessionRestoration.ts';

/** The archives of destroyed sessions' worktrees, newest first; none where there is no repository. */
export async function listArchivedSessions({ kind, root }: Workplace): Promise<ListedArchive[]> {
  return kind === 'git' ? listArchives(root) : [];
}

/**
 * Deletes an archive, and nothing else: git then removes what nothing else holds.
 *
 * @throws {HoldfastError} `ARCHIVE_NOT_FOUND`, `GIT_FAILED`
 */
export async function deleteArchivedSession(workplace: Workplace, id: string): Promise<ListedArchive> {
  const archive = (await listArchivedSessions(workplace)).find((candidate) => candidate.id === id);
  if (!archive) throw new HoldfastError('ARCHIVE_NOT_FOUND', `There is no archived session ${id}.`, { data: { id } });
  await deleteArchive(workplace.root, archive);
  return archive;
}

/**
 * Brings a destroyed session back as it was: its branch, its worktree with what was staged and what was not, and its
 * record. All of it, or nothing; the archive stays. A session that was brought back already stays as it is, and where
 * that was cut short it is finished.
 *
 * @throws {HoldfastError} `ARCHIVE_NOT_FOUND`, `DAMAGED_FILE`, `NEWER_FORMAT`; `SESSION_RUNNING` where its process lives
 *   though no list has it; see {@link createSession}.
 */
export async function restoreArchivedSession(
  context: CreationContext,
  id: string,
  { start = false }: RestoreOptions = {},
): Promise<RestoredSession> {
  const { workplace, helper, sessions } = context;
  if (workplace.kind !== 'git') {
    throw new HoldfastError('ARCHIVE_NOT_FOUND', `There is no archived session ${id}.`, { data: { id } });
  }
  const archive = await openArchive(workplace.root, id);
  // Connecting brings in the sessions of other windows.
  await helper.connect();
  const listed = findListed(sessions(), archive.about.session);
  if (listed) return finish(context, workplace, { archive, listed });
  await requireEnded(context, archive.about.session);
  const { record: old, isShared } = withOwnConversation(context, await withVariables(context, archive.about.session));
  const branch = await chooseBranch(workplace, archive, branchesOf(sessions()));
  const notice = await headNotice(workplace, archive);
  const bringBack = (record: SessionRecord) =>
    new ArchivedWorktree(workplace, archive, { record, branch, isOnBranch: notice === undefined });
  const restoration = await restorationOf(context, { archive, branch, old, start, bringBack });
  const created = await createSession(context, { ...creationOptions(old), branch: branch.name }, restoration);
  const shared = isShared ? 'Its conversation goes on in another session, so it begins a new one.' : undefined;
  const notices = [created.notice, branch.notice, notice, shared].filter((text) => text !== undefined);
  const told = notices.length > 0 ? { notice: notices.join(' ') } : {};
  return { record: created.record, origin: { from: 'archive' }, ...told };
}

interface Restored {
  archive: OpenedArchive;
  branch: ChosenBranch;
  old: SessionRecord;
  start: boolean;
  bringBack: NonNullable<Restoration['bringBack']>;
}

/** In the place that it had, where nothing else is there by now. */
async function restorationOf(
  { workplace, sessions }: CreationContext,
  { archive, branch, old, start, bringBack }: Restored,
): Promise<Restoration> {
  const { worktreePath, baseBranch } = old;
  const isTaken =
    (await hasMoved(workplace as GitRepository, archive)) ||
    (await exists(worktreePath).catch(() => true)) ||
    (await listWorktrees(workplace.root)).some(({ path }) => path === worktreePath) ||
    sessions().some((session) => session.worktreePath === worktreePath);
  const base = { ref: baseBranch, commit: branch.commit ?? archive.commit, isDetached: false };
  const place = isTaken ? {} : { worktreePath };
  return { record: old, start, base, hasBranch: branch.isThere, ...place, bringBack };
}

/** Where the repository has moved, another one may be in its former place. */
async function hasMoved({ commonDir }: GitRepository, { about }: OpenedArchive): Promise<boolean> {
  if (about.gitDir === undefined) return false;
  const former = path.dirname(path.dirname(about.gitDir));
  return (await realpath(former).catch(() => undefined)) !== commonDir;
}

/** An archive has no variables, which may be secret. */
async function withVariables({ machine, workplace }: CreationContext, record: SessionRecord): Promise<SessionRecord> {
  const env = await new ArchivedVariables(repositoryPlaces(machine, workplace.key).variablesFolder).read(record.id);
  return env === undefined ? record : { ...record, metadata: { ...record.metadata, env } };
}

/** It is in the list; where it was cut short while it was brought back, its worktree is made now. */
async function finish(
  context: CreationContext,
  repository: GitRepository,
  { archive, listed }: { archive: OpenedArchive; listed: SessionRecord },
): Promise<RestoredSession> {
  const done: RestoredSession = { record: listed, origin: { from: 'list', record: listed } };
  if (wasStarted(listed)) return done;
  return whileCreating(context, listed, async () => {
    // Whoever was at it may just have finished.
    if (!(await lacksWorktree(repository.root, listed))) return done;
    await returnFromArchive(repository, listed, archive);
    return { record: listed, origin: { from: 'archive' } };
  });
}

function branchesOf(sessions: readonly SessionRecord[]): string[] {
  return sessions.flatMap(({ branch }) => (branch ? [branch] : []));
}
