import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Throttler } from '../base/async.ts';
import { describeError, HoldfastError } from '../base/errors.ts';
import { envelopeFormat } from '../core/migrations.ts';
import { countSessions } from '../core/presentation.ts';
import { serializeRegistry } from '../core/registryDocument.ts';
import { isLive } from '../core/sessionRecord.ts';
import { isMissing, moveDurable, previousVersion, toStorageError, writeDurable } from '../node/durableFile.ts';
import { sweepDrafts } from '../node/leftDrafts.ts';
import { withLock } from '../node/lockFile.ts';
import { quarantine } from '../node/quarantine.ts';
import { type RegistryReading, readRegistryFile, readRegistryHead } from '../node/registryFile.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { Backups } from './backups.ts';
import { type Fallback, type RecoveredRegistry, recoverRegistry } from './registryRecovery.ts';

/** How long another window's save is waited for; milliseconds. */
const saveDeadline = 10_000;

/** The same where somebody waits to see their sessions. */
const loadDeadline = 3_000;

/** Stands for a file that must be looked at before it is replaced; the system's signatures never look like this. */
const unseen = { signature: 'unseen', isSound: false };

/** What was done about a list that was not as it should be. */
export interface ListRecovery {
  /** One sentence for the user: what was recovered, and from where. */
  notice?: string;
  /** What stood in for the list, as a part of a sentence. */
  source?: string;
  /** What had to be put right in single records, as sentences. */
  repairs?: string[];
  /** Where the damaged file is kept. */
  quarantined?: string;
}

/** What came of reading a window's replica. */
export interface LoadedRecords extends ListRecovery {
  records: SessionRecord[];
  /** Other sources may know more: there was no list, or not all of it could be read. */
  isIncomplete: boolean;
}

export interface RecordStoreOptions {
  /** The window's storage folder. */
  folder: string;
  /** Of the repository. */
  key: string;
  /** The repository's main checkout. */
  root: string;
  records: () => SessionRecord[];
  /** Takes in what another window has saved in the same folder. */
  merge?: (records: SessionRecord[]) => void;
  /** The list was found damaged when it was to be saved, and was put right. */
  onRecovery?: (recovery: ListRecovery) => void;
}

/**
 * A window's replica of the registry: `sessions.json` in its storage folder, which another window may share. A list
 * that is damaged is recovered from its own sound parts, its previous version and the backups.
 */
export class RecordStore {
  readonly file: string;
  readonly backups: Backups;
  readonly #options: RecordStoreOptions;
  readonly #save = new Throttler(() => this.#locked(saveDeadline, () => this.#write()));
  /** What a newer version keeps in the file beside the sessions. */
  #unknownFields: Record<string, unknown> = {};
  #generation = 0;
  /** Of the file as this store last read or wrote it, and whether it was sound then. */
  #seen: { signature: string | undefined; isSound: boolean } = { signature: undefined, isSound: true };
  /** What was put right and is told once the list is saved. */
  #recovery: ListRecovery | undefined;
  /** The newer version that wrote the file, which this one must not overwrite. */
  #newerVersion: string | undefined;

  constructor(options: RecordStoreOptions) {
    const { folder, key } = options;
    this.#options = options;
    this.file = path.join(folder, 'sessions.json');
    this.backups = new Backups({ folder, key });
  }

  /** Whether the file was written by a newer version, so that sessions can be seen but not changed here. */
  get isReadOnly(): boolean {
    return this.#newerVersion !== undefined;
  }

  /** How often the list has been saved, and what else the file holds: what a backup of it has to hold, too. */
  get content(): { generation: number; unknownFields: Record<string, unknown>; records: SessionRecord[] } {
    return { generation: this.#generation, unknownFields: this.#unknownFields, records: this.#options.records() };
  }

  /** Reads every format. What is damaged is put into quarantine, and what was recovered is saved at once. */
  async load(now = new Date()): Promise<LoadedRecords> {
    return this.#locked(loadDeadline, () => this.#load(now)).catch((error) => {
      // The sessions are shown also from a folder that cannot be written.
      if (isStorageError(error)) return this.#loadUnwritable(now, error);
      throw error;
    });
  }

  /**
   * Resolves once everything that changed before this call is on disk.
   *
   * @throws {HoldfastError} `NEWER_FORMAT`, `LOCKED`, `DISK_FULL`, `STORAGE_NOT_WRITABLE`
   */
  save(): Promise<void> {
    return this.#save.run();
  }

  /** @throws {HoldfastError} `NEWER_FORMAT` where a newer version has written the list. */
  requireWritable(): void {
    if (this.#newerVersion === undefined) return;
    throw new HoldfastError(
      'NEWER_FORMAT',
      `The session list was written by a newer version of Holdfast (${this.#newerVersion}). Nothing was changed.`,
      {
        advice: 'Update Holdfast; until then sessions can be seen and used, but not changed.',
        data: { file: this.file },
      },
    );
  }

  #locked<T>(deadlineMs: number, task: () => Promise<T>): Promise<T> {
    const file = path.join(this.#options.folder, 'storage.lock');
    return withLock(file, { deadlineMs }, task).catch((error) => {
      throw toStorageError(error, file);
    });
  }

  async #load(now: Date): Promise<LoadedRecords> {
    await sweepDrafts(this.#options.folder);
    const reading = await this.#readOwn();
    const recovered = await this.#recover(reading, now);
    if (reading.state === 'newer') return { ...this.#openReadOnly(reading.version), records: recovered.records };
    const { records, isFresh, problem, source, details, hopeless } = recovered;
    if (recovered.isUncertain) {
      return { records, notice: this.#leaveAlone(recovered), isIncomplete: source === undefined };
    }
    if (problem === undefined && details.length === 0) {
      if (reading.state === 'sound' && reading.format < envelopeFormat) await this.#migrate(records);
      return { records, isIncomplete: isFresh };
    }
    const recovery = await this.#keepDamaged(recovered, now);
    await this.#write(records);
    const isIncomplete = source === undefined && (problem !== undefined || hopeless.length > 0);
    return { records, isIncomplete, ...recovery };
  }

  /** Before anything is written over it. */
  async #keepDamaged(recovered: RecoveredRegistry, now: Date): Promise<ListRecovery> {
    const { records, problem, source, details, hopeless, generation } = recovered;
    const report = { reason: problem ?? 'some sessions in it were damaged', source, generation, details, hopeless };
    const quarantined = await quarantine(this.file, report, now);
    await this.backups.take('repair', { records, generation, unknownFields: this.#unknownFields });
    return {
      notice: describeRecovery(recovered, quarantined),
      repairs: details,
      ...(source === undefined ? {} : { source }),
      ...(quarantined === undefined ? {} : { quarantined }),
    };
  }

  /** The list as it was stays as the previous version. */
  async #migrate(records: SessionRecord[]): Promise<void> {
    await this.backups.take('migration', { ...this.content, records });
    await this.#write(records);
  }

  async #loadUnwritable(now: Date, error: HoldfastError): Promise<LoadedRecords> {
    const { records, isFresh } = await this.#recover(await readRegistryFile(this.file), now);
    this.#seen = unseen;
    return { records, isIncomplete: isFresh, notice: `The session list cannot be saved: ${error.text}` };
  }

  /** What cannot be read now may be whole, and is looked at again before anything is written. */
  #leaveAlone({ problem, source, records }: RecoveredRegistry): string {
    this.#seen = unseen;
    const shown = `${countSessions(records.filter(isLive).length)} shown from ${source ?? 'what could be read'}`;
    return `The session list of this window could not be read (${problem}); ${shown}. Nothing was changed.`;
  }

  async #recover(reading: RegistryReading, now: Date): Promise<RecoveredRegistry> {
    const { key, root } = this.#options;
    const copies = { fallbacks: () => this.#fallbacks(), newerThan: (own: number) => this.#newerThan(own) };
    const recovered = await recoverRegistry(reading, { key, root, now, ...copies });
    this.#generation = Math.max(this.#generation, recovered.generation);
    this.#unknownFields = recovered.unknownFields;
    this.#seen = { signature: await signatureOf(this.file), isSound: reading.state === 'sound' };
    return recovered;
  }

  async *#fallbacks(): AsyncGenerator<Fallback> {
    yield { name: 'its previous version', reading: await readRegistryFile(previousVersion(this.file)), isLast: false };
    const backups = await this.backups.list().catch((error) => describeError(error));
    if (typeof backups === 'string')
      return yield { name: 'the backups', reading: { state: 'unreadable', reason: backups }, isLast: true };
    for (const { file, takenAt, state } of backups) {
      if (state === 'sound')
        yield { name: `the backup of ${takenAt}`, reading: await readRegistryFile(file), isLast: true };
    }
  }

  /** The copies that are kept of the list are never newer than it, unless an older one was put back. */
  async *#newerThan(generation: number): AsyncGenerator<Fallback> {
    const { key } = this.#options;
    const isNewer = async (file: string) => {
      const head = await readRegistryHead(file);
      return head?.key === key && head.generation > generation;
    };
    const previous = previousVersion(this.file);
    if (await isNewer(previous)) {
      yield { name: 'its previous version', reading: await readRegistryFile(previous), isLast: false };
    }
    const backup = await this.backups.newestFile().catch(() => undefined);
    if (backup !== undefined && (await isNewer(backup))) {
      yield { name: 'the newest backup', reading: await readRegistryFile(backup), isLast: true };
    }
  }

  #openReadOnly(version: string): { notice: string; isIncomplete: false } {
    this.#newerVersion = version;
    const notice = `The session list was written by a newer version of Holdfast (${version}), so it is shown but not changed: update Holdfast.`;
    return { notice, isIncomplete: false };
  }

  async #write(recovered?: SessionRecord[]): Promise<void> {
    this.requireWritable();
    const { key, folder } = this.#options;
    const isOwn = await this.#takeIn();
    const file = isOwn ? this.file : path.join(folder, `sessions-${key}.json`);
    const records = recovered ?? this.#options.records();
    const generation = this.#generation + 1;
    const unknownFields = this.#unknownFields;
    const text = serializeRegistry({ key, generation, savedAt: new Date(), records, unknownFields });
    await writeDurable(file, text, { keepPrevious: this.#seen.isSound });
    this.#generation = generation;
    if (this.#recovery) this.#options.onRecovery?.(this.#recovery);
    this.#recovery = undefined;
    if (isOwn) this.#seen = { signature: await signatureOf(this.file), isSound: true };
  }

  /** What another window has saved since; false where the file has become another repository's. */
  async #takeIn(): Promise<boolean> {
    const signature = await signatureOf(this.file);
    if (signature === this.#seen.signature) return true;
    const reading = await readRegistryFile(this.file);
    if (reading.state === 'unreadable') throw this.#unreadable(reading.reason);
    if (reading.state === 'newer') this.#openReadOnly(reading.version);
    this.requireWritable();
    if (reading.state === 'sound' && (reading.document.key ?? this.#options.key) !== this.#options.key) return false;
    const now = new Date();
    const recovered = await this.#recover(reading, now);
    if (recovered.isUncertain) throw this.#unreadable('a copy of it cannot be read');
    this.#options.merge?.(recovered.records);
    if (recovered.problem !== undefined || recovered.details.length > 0) {
      const source = ['what this window knew', ...(recovered.source === undefined ? [] : [recovered.source])];
      const known = { ...recovered, records: this.#options.records(), source: source.join(' and ') };
      this.#recovery = await this.#keepDamaged(known, now);
    }
    return true;
  }

  #unreadable(reason: string): HoldfastError {
    this.#seen = unseen;
    return new HoldfastError(
      'STORAGE_NOT_WRITABLE',
      `The session list was not saved: ${reason}. Nothing was changed.`,
      {
        advice: 'Check the disk and the permissions of the folder.',
        data: { file: this.file },
      },
    );
  }

  /** The window’s first folder may be another one than before: each repository gets its own sessions back. */
  async #readOwn(): Promise<RegistryReading> {
    const reading = await readRegistryFile(this.file);
    // A file that is damaged or gone tells no more whose it is, but its previous version does.
    const otherKey = keyOf(reading) ?? keyOf(await readRegistryFile(previousVersion(this.file)));
    if (otherKey === undefined || otherKey === this.#options.key) return reading;
    for (const version of [(file: string) => file, previousVersion]) {
      await moveDurable(version(this.file), version(this.#fileOf(otherKey)));
      await moveDurable(version(this.#fileOf(this.#options.key)), version(this.file));
    }
    return readRegistryFile(this.file);
  }

  #fileOf(key: string): string {
    return path.join(this.#options.folder, `sessions-${key}.json`);
  }
}

function keyOf(reading: RegistryReading): string | undefined {
  return reading.state === 'sound' || reading.state === 'newer' ? reading.document.key : undefined;
}

/** Changes whenever the file is replaced; undefined where there is none. */
async function signatureOf(file: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeNs } = await stat(file, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isStorageError(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && ['STORAGE_NOT_WRITABLE', 'DISK_FULL', 'LOCKED'].includes(error.code);
}

/** Where the copy is says the log, for a path takes several lines of a message. */
function describeRecovery({ problem, source, records, details, hopeless }: RecoveredRegistry, copy?: string): string {
  const live = countSessions(records.filter(isLive).length);
  const lost = hopeless.length > 0 ? `, ${countSessions(hopeless.length)} could not be read` : '';
  const kept = copy === undefined ? '' : ', and the damaged file is kept';
  if (problem === undefined)
    return `The session list had damaged entries, which were repaired${lost}${kept}: ${details.join('; ')}.`;
  const from = source === undefined ? 'what could be read of it' : source;
  return `The session list of this window was damaged (${problem}): ${live} recovered from ${from}${lost}${kept}.`;
}
