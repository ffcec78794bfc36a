import type { RemovalChoice, RemovalNote } from '../core/removalNote.ts';
import { archivedRecord } from '../core/worktreeArchive.ts';
import { ArchivedVariables } from '../node/archivedVariables.ts';
import { writeJson } from '../node/durableFile.ts';
import type { Lock } from '../node/lockFile.ts';
import { pausePoint } from '../node/pausePoint.ts';
import { repositoryPlaces } from '../node/places.ts';
import { RemovalNotes } from '../node/removalNotes.ts';
import { carryOut } from '../node/removals.ts';
import type { GitRepository } from '../node/repository.ts';
import type { RemovalOutcome } from '../node/sessionRemoval.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { LifeContext } from './sessionLife.ts';

/** What the user wants to become of the worktree; without a word it goes where nothing is lost. */
export type WorktreeChoice = 'archive' | 'keep' | 'remove';

/** Why a worktree stays that is not the session's own. */
const notOwn = 'it was there before the session';

/**
 * The removal of a session's worktree, which is noted before the session is forgotten: where this process is killed, the
 * helper goes on with it.
 */
export class WorktreeFarewell {
  readonly #notes: RemovalNotes;
  readonly #repository: GitRepository;
  readonly #note: RemovalNote;
  readonly #lock: Lock | undefined;

  private constructor(notes: RemovalNotes, repository: GitRepository, note: RemovalNote, lock: Lock | undefined) {
    this.#notes = notes;
    this.#repository = repository;
    this.#note = note;
    this.#lock = lock;
  }

  /** @throws {HoldfastError} `DISK_FULL`, `STORAGE_NOT_WRITABLE`; nothing was changed then. */
  static async begin(
    { machine }: Pick<LifeContext, 'machine'>,
    repository: GitRepository,
    { record, choice }: { record: SessionRecord; choice: RemovalChoice },
  ): Promise<WorktreeFarewell> {
    const places = repositoryPlaces(machine, repository.key);
    const notes = new RemovalNotes(places.removalsFolder);
    const note: RemovalNote = {
      version: '1.0',
      choice,
      session: archivedRecord(record),
      root: repository.root,
      askedAt: new Date().toISOString(),
      attempts: 0,
    };
    const attempt = await notes.lock(record.id);
    if (!('lock' in attempt)) return new WorktreeFarewell(notes, repository, note, undefined);
    try {
      await writeJson(places.repositoryFile, { root: repository.root });
      await notes.write(note);
      await new ArchivedVariables(places.variablesFolder).keep(record.id, record.metadata?.env);
    } catch (error) {
      await attempt.lock.release();
      throw error;
    }
    await pausePoint('removal-noted');
    return new WorktreeFarewell(notes, repository, note, attempt.lock);
  }

  /** Lets go of it before it was carried out; where it is called off the worktree stays. */
  async end(isCalledOff: boolean): Promise<void> {
    if (!this.#lock) return;
    if (isCalledOff) await this.#notes.delete(this.#note.session.id).catch(() => undefined);
    await this.#lock.release().catch(() => undefined);
  }

  /** Removes it, once the session is forgotten. */
  async carryOut(): Promise<RemovalOutcome> {
    const { worktreePath } = this.#note.session;
    if (!this.#lock) return { kept: { path: worktreePath, reason: 'another process is removing it' }, isPending: true };
    try {
      return await carryOut(this.#notes, this.#repository, this.#note);
    } finally {
      await this.#lock.release().catch(() => undefined);
    }
  }
}

/** How the worktree is to go, or why it stays. */
export function removalOf(
  { metadata }: SessionRecord,
  choice: WorktreeChoice | undefined,
): { choice: RemovalChoice } | { stays: string } {
  if (choice === 'keep') return { stays: 'you chose to keep it' };
  if (choice !== undefined) return { choice };
  return metadata?.ownsWorktree === false ? { stays: notOwn } : { choice: 'auto' };
}
