import { type DestroyedNotes, type ForgottenSession, noNotes, withDay } from '../core/destroyedNotes.ts';
import {
  type FoundNotes,
  findDestroyedNotes,
  recoverDestroyedNotes,
  writeDestroyedNotes,
} from '../node/destroyedNotes.ts';
import type { Log } from '../node/log.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { tombstoneDays } from './retention.ts';

/** What this helper and those before it have noted about destroyed sessions. */
export class DestroyedSessions {
  readonly #folder: string;
  /** Absent where they could not be read: they are then not written over either. */
  readonly #isKnown: boolean;
  /** What was wrong with the notes and what stood in for them, as a sentence for the user. */
  readonly problem: string | undefined;
  #notes: DestroyedNotes;

  private constructor(folder: string, found: FoundNotes | undefined) {
    this.#folder = folder;
    this.#isKnown = found !== undefined;
    this.#notes = found?.notes ?? noNotes;
    this.problem = found?.problem;
  }

  static async load(repositoryFolder: string, log: Log): Promise<DestroyedSessions> {
    const recovered = await recoverDestroyedNotes(repositoryFolder)
      .catch((error) => {
        log.error('The notes about destroyed sessions could not be put right', { error });
        return findDestroyedNotes(repositoryFolder);
      })
      .catch((error) => {
        log.error('What is noted about destroyed sessions cannot be read, so that all of them are kept', { error });
        return undefined;
      });
    return new DestroyedSessions(repositoryFolder, recovered);
  }

  /** On how many days the tombstone was seen. */
  daysSeen(id: string): number {
    return this.#notes.seen.get(id)?.length ?? 0;
  }

  forgotten(id: string): ForgottenSession | undefined {
    return this.#notes.forgotten.get(id);
  }

  /** Notes that these tombstones were there today. @throws {HoldfastError} `DISK_FULL`, `STORAGE_NOT_WRITABLE` */
  async see(ids: readonly string[], now: Date): Promise<void> {
    const next = withDay(this.#notes, ids, now, tombstoneDays);
    const isSame =
      next.seen.size === this.#notes.seen.size &&
      [...next.seen].every(([id, days]) => this.daysSeen(id) === days.length);
    if (!isSame) await this.#save(next);
  }

  /** To be noted before the tombstone goes. @throws {HoldfastError} `DISK_FULL`, `STORAGE_NOT_WRITABLE` */
  async forget({ id, revision, deletedAt }: SessionRecord): Promise<void> {
    if (deletedAt === undefined) return;
    const forgotten = new Map(this.#notes.forgotten).set(id, { revision, deletedAt });
    await this.#save({ ...this.#notes, forgotten });
  }

  async #save(notes: DestroyedNotes): Promise<void> {
    if (!this.#isKnown) return;
    await writeDestroyedNotes(this.#folder, notes);
    this.#notes = notes;
  }
}
