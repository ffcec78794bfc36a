import path from 'node:path';
import { describeError, HoldfastError, systemErrorCode } from '../base/errors.ts';
import { ago } from '../core/presentation.ts';
import { type Machine, repositoryPlaces } from '../node/places.ts';
import { readRegistryFile } from '../node/registryFile.ts';
import type { Workplace } from '../node/repository.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { Backup, BackupReason } from './backupFile.ts';
import { type BackupContent, Backups } from './backups.ts';
import { findStorages, type UnreadableNote, type WindowStorage } from './windowStorages.ts';

/** A backup and the place it lies in. */
interface StoredBackup {
  backup: Backup;
  store: Backups;
}

/** Each once. */
function foldersOf(own: string | undefined, others: readonly { folder: string }[]): string[] {
  return [...new Set([...(own === undefined ? [] : [own]), ...others.map(({ folder }) => folder)])];
}

/** The backups of all windows on a repository, and those that were taken without a window. */
export class BackupStores {
  /** Newest first. */
  readonly backups: readonly Backup[];
  /** Why some could not be read. */
  readonly problems: readonly HoldfastError[];
  /** What was noted, and is gone. */
  readonly losses: readonly HoldfastError[];
  readonly #found: readonly StoredBackup[];
  readonly #store: Backups;
  readonly #unknownFields: Record<string, unknown>;

  /** @param storage the window's own, whose backups come first; the command line has none */
  static async find(machine: Machine, { key }: Workplace, storage?: string): Promise<BackupStores> {
    const places = repositoryPlaces(machine, key);
    const { there, gone, unreadable } = await findStorages(places);
    const [first, ...others] = foldersOf(storage, [...there, places]).map((folder) => new Backups({ folder, key })) as [
      Backups,
    ];
    const found: StoredBackup[] = [];
    const problems = unreadable.map(noteUnreadable);
    for (const store of [first, ...others]) {
      try {
        for (const backup of await store.list()) found.push({ backup, store });
      } catch (error) {
        problems.push(notReadable(store, error));
      }
    }
    const list = there[0] && (await readRegistryFile(path.join(there[0].folder, 'sessions.json')));
    const unknownFields = list?.state === 'sound' && list.document.key === key ? list.document.unknownFields : {};
    return new BackupStores(first, { found, problems, losses: gone.map(lost), unknownFields });
  }

  private constructor(
    store: Backups,
    parts: Pick<BackupStores, 'problems' | 'losses'> & {
      found: StoredBackup[];
      unknownFields: Record<string, unknown>;
    },
  ) {
    this.#store = store;
    this.#found = parts.found.sort((a, b) => (a.backup.takenAt < b.backup.takenAt ? 1 : -1));
    this.backups = this.#found.map(({ backup }) => backup);
    this.problems = parts.problems;
    this.losses = parts.losses;
    this.#unknownFields = parts.unknownFields;
  }

  /**
   * What a backup holds beside the sessions: the generation of the list beside which it goes, as far as its backups
   * tell, for each window counts by itself; and what a newer version keeps in the list of the window that was last seen.
   */
  get content(): Omit<BackupContent, 'records'> {
    const own = this.#found.filter(({ store }) => store === this.#store);
    return {
      generation: Math.max(0, ...own.map(({ backup }) => backup.generation)),
      unknownFields: this.#unknownFields,
    };
  }

  /**
   * Takes a backup where the window that was last seen has its own, in the state folder where there is none.
   *
   * @throws {HoldfastError} see {@link Backups.take}
   */
  take(reason: BackupReason, records: readonly SessionRecord[]): Promise<Backup | undefined> {
    return this.#store.take(reason, { ...this.content, records });
  }

  /** @throws {HoldfastError} `BACKUP_NOT_FOUND` */
  require(id: string): StoredBackup {
    const named = this.#found.filter(({ backup }) => backup.id === id);
    const best = named.find(({ backup }) => backup.state === 'sound') ?? named[0];
    if (best) return best;
    throw this.#notFound(id);
  }

  /** What could not be read may hold it. */
  #notFound(id: string): HoldfastError {
    const [problem] = this.problems;
    const where = problem ? ' among those that can be read' : '';
    return new HoldfastError('BACKUP_NOT_FOUND', `There is no backup “${id}”${where}. Nothing was changed.`, {
      advice: problem?.text ?? 'List the backups, and choose one by its whole id.',
      data: { id },
      ...(problem ? { cause: problem } : {}),
    });
  }
}

function notReadable({ folder }: Backups, error: unknown): HoldfastError {
  const system = systemErrorCode(error instanceof HoldfastError ? error.cause : error);
  const reason = system === 'ENOTDIR' ? 'a file is in its place' : (system ?? describeError(error));
  return new HoldfastError('STORAGE_NOT_WRITABLE', `The folder of backups ${folder} cannot be read: ${reason}.`, {
    advice: 'Put it right, or move it away; the backups in it are not counted meanwhile.',
    data: { folder },
    cause: error,
  });
}

function noteUnreadable({ file, problem }: UnreadableNote): HoldfastError {
  const text = `A window’s note of its storage cannot be read (${problem}), so that its backups are not found: ${file}.`;
  return new HoldfastError('DAMAGED_FILE', text, {
    advice: 'Open all windows of this repository, which note it anew.',
    data: { file },
  });
}

function lost({ folder, seenAt }: WindowStorage): HoldfastError {
  const seen = ago(seenAt, new Date());
  return new HoldfastError(
    'NO_FOLDER',
    `A window’s storage is gone, with the backups in it: ${folder} (used ${seen}).`,
    {
      advice: 'Put it back where you can; “holdfast doctor” tells what is left of its sessions.',
      data: { folder, seenAt },
    },
  );
}
