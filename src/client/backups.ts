import { lstat, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { Sequencer } from '../base/async.ts';
import { HoldfastError, systemErrorCode } from '../base/errors.ts';
import { backupsToPrune, newestFirst } from '../core/backupRetention.ts';
import { type OpenedRegistry, type RegistryDocument, serializeRegistry } from '../core/registryDocument.ts';
import { holdSameSessions } from '../core/restorePlan.ts';
import { createDurable, toStorageError } from '../node/durableFile.ts';
import { sweepDrafts } from '../node/leftDrafts.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { type Backup, type BackupReason, backupId, isBackupId, type ReadBackup, readBackup } from './backupFile.ts';

export interface BackupsOptions {
  /** The window's storage folder; backups lie in the folder `backups` in it. */
  folder: string;
  /** Of the repository. Backups of others, which a window's storage may hold too, are left alone. */
  key: string;
  now?: () => Date;
}

/** What a backup is taken of. */
export interface BackupContent {
  /** Tombstones included. */
  records: readonly SessionRecord[];
  generation: number;
  /** What a newer version keeps in the list beside the sessions. */
  unknownFields?: Record<string, unknown>;
}

export interface TakeOptions {
  /** The id of a backup that is still needed, such as the one that is being restored. */
  spare?: string;
}

/** The backups of one repository's session list in a window's storage. */
export class Backups {
  /** Where they lie. */
  readonly folder: string;
  readonly #key: string;
  readonly #now: () => Date;
  readonly #takes = new Sequencer();

  constructor({ folder, key, now = () => new Date() }: BackupsOptions) {
    this.folder = path.join(folder, 'backups');
    this.#key = key;
    this.#now = now;
  }

  /** Newest first; damaged ones are among them. @throws {HoldfastError} `STORAGE_NOT_WRITABLE` */
  async list(): Promise<Backup[]> {
    return (await this.#readAll()).map(({ backup }) => backup);
  }

  /** @throws {HoldfastError} `BACKUP_NOT_FOUND`, `DAMAGED_FILE`, `NEWER_FORMAT` */
  async read(id: string): Promise<RegistryDocument> {
    const read = await readBackup(this.folder, id, this.#key);
    if (!read) throw notFound(id);
    const { backup, opened } = read;
    if (opened.state === 'sound') return opened.document;
    throw opened.state === 'newer' ? newerFormat(backup) : damagedFile(backup);
  }

  /**
   * Writes a backup, reads it back, and removes those that are of no more use. Where the newest sound one holds the
   * same sessions already, that one is returned, save that what is wanted by hand is kept as such; undefined where there
   * is nothing to keep.
   *
   * @throws {HoldfastError} `DAMAGED_FILE` where it cannot be read back; `DISK_FULL`, `STORAGE_NOT_WRITABLE`. The
   *   earlier backups are then as they were.
   */
  take(reason: BackupReason, content: BackupContent, { spare }: TakeOptions = {}): Promise<Backup | undefined> {
    return this.#takes.queue(() => this.#take(reason, content, spare));
  }

  /** Where the backup of that id is, if there is one. */
  fileOf(id: string): string {
    return path.join(this.folder, `${id}.json`);
  }

  /** By its name alone, unread; undefined where there is none. @throws {HoldfastError} `STORAGE_NOT_WRITABLE` */
  async newestFile(): Promise<string | undefined> {
    const ids = (await this.#names()).flatMap((name) =>
      isBackupId(path.parse(name).name) ? path.parse(name).name : [],
    );
    const newest = ids.sort().at(-1);
    return newest === undefined ? undefined : this.fileOf(newest);
  }

  async #take(reason: BackupReason, content: BackupContent, spare?: string): Promise<Backup | undefined> {
    if (content.records.length === 0) return undefined;
    const known = await this.#readAll();
    const newest = known.find(({ backup }) => backup.state === 'sound');
    const isWanted = reason !== 'manual' || newest?.backup.reason === 'manual';
    if (newest && isWanted && holds(newest.opened, content.records)) return newest.backup;
    const taken = await this.#write(reason, content, newest?.backup);
    const spared = [taken.id, spare];
    // What stays now is tried again with the next backup.
    await this.#prune([taken, ...known.map(({ backup }) => backup)], spared).catch(() => undefined);
    return taken;
  }

  /** Takes the next millisecond that no backup of this reason has, be it another repository's or another window's. */
  async #write(reason: BackupReason, content: BackupContent, newest: Backup | undefined): Promise<Backup> {
    await requireNoLink(this.folder);
    for (let time = this.#now().getTime(); ; time++) {
      const written = await this.#create(reason, new Date(time), content, newest);
      if (written) return written;
    }
  }

  /** Undefined where there is one of that name. */
  async #create(
    reason: BackupReason,
    takenAt: Date,
    content: BackupContent,
    newest: Backup | undefined,
  ): Promise<Backup | undefined> {
    const id = backupId(takenAt, reason);
    const file = this.fileOf(id);
    const generation = generationAfter(newest, takenAt, content.generation);
    const text = serializeRegistry({ ...content, generation, key: this.#key, savedAt: takenAt });
    if (!(await createDurable(file, text))) return undefined;
    try {
      if ((await readFile(file, 'utf8')) !== text) throw notReadBack(file);
      return ((await readBackup(this.folder, id, this.#key)) as ReadBackup).backup;
    } catch (error) {
      // What may not last must not pass for a backup the next time.
      await rm(file, { force: true }).catch(() => undefined);
      throw toStorageError(error, file);
    }
  }

  async #prune(backups: readonly Backup[], spared: readonly (string | undefined)[]): Promise<void> {
    const useless = backupsToPrune(backups, this.#now()).filter(({ id }) => !spared.includes(id));
    for (const { file } of useless) await rm(file, { force: true });
    await sweepDrafts(this.folder);
  }

  async #readAll(): Promise<ReadBackup[]> {
    const ids = (await this.#names()).map((name) => path.parse(name)).filter(({ ext }) => ext === '.json');
    const read = await Promise.all(ids.map(({ name }) => readBackup(this.folder, name, this.#key)));
    const found = new Map(read.filter((one) => one !== undefined).map((one) => [one.backup, one]));
    return newestFirst([...found.keys()]).map((backup) => found.get(backup) as ReadBackup);
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.folder);
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return [];
      throw toStorageError(error, this.fileOf('sessions'));
    }
  }
}

function holds(opened: OpenedRegistry, records: readonly SessionRecord[]): boolean {
  return opened.state === 'sound' && holdSameSessions(opened.document.sessions as SessionRecord[], records);
}

/** The list's own, or one that lets this backup come before all others where the clock or the list has gone back. */
function generationAfter(newest: Backup | undefined, takenAt: Date, own: number): number {
  if (!newest) return own;
  const isLater = takenAt.toISOString() > newest.takenAt;
  return Math.max(own, isLater ? newest.generation : newest.generation + 1);
}

/** What others have put there must not make this one write elsewhere. */
async function requireNoLink(folder: string): Promise<void> {
  const entry = await lstat(folder).catch(() => undefined);
  if (!entry?.isSymbolicLink()) return;
  throw new HoldfastError('STORAGE_NOT_WRITABLE', `The folder of the backups is a link to another place: ${folder}.`, {
    advice: 'Move the link away; the backups that it leads to stay where they are.',
    data: { file: folder },
  });
}

function notFound(id: string): HoldfastError {
  return new HoldfastError('BACKUP_NOT_FOUND', `There is no backup “${id}”. Nothing was changed.`, {
    advice: 'List the backups and choose one of them.',
    data: { id },
  });
}

function notReadBack(file: string): HoldfastError {
  const text = `The backup could not be read back after it was written, and was removed: ${file}.`;
  return new HoldfastError('DAMAGED_FILE', text, {
    advice: 'Your sessions are as they were. Check the disk and try again.',
    data: { file },
  });
}

function damagedFile({ id, file, problem }: Backup): HoldfastError {
  return new HoldfastError('DAMAGED_FILE', `The backup ${id} is damaged: ${problem}. Nothing was changed.`, {
    advice: 'Choose another one.',
    data: { id, file },
  });
}

function newerFormat({ id, file, problem }: Backup): HoldfastError {
  return new HoldfastError('NEWER_FORMAT', `The backup ${id} cannot be used: ${problem}. Nothing was changed.`, {
    advice: 'Update Holdfast, or choose another one.',
    data: { id, file },
  });
}
