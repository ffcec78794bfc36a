import { Emitter } from '../base/event.ts';
import type { Disposable } from '../base/lifecycle.ts';
import { mergeRecords } from '../core/mergeRecords.ts';
import type { RestoredSession } from '../core/rebuildEvidence.ts';
import { byCreation, isLive } from '../core/sessionRecord.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { BackupReason } from './backupFile.ts';
import type { BackupContent, Backups } from './backups.ts';
import { DebouncedBackup } from './debouncedBackup.ts';
import { type LoadedRecords, RecordStore } from './recordStore.ts';
import { SessionJournal } from './sessionJournal.ts';

export interface RegistryReplicaOptions {
  /** The window's storage folder. */
  folder: string;
  /** Of the repository. */
  key: string;
  /** The repository's main checkout. */
  root: string;
}

/** A window's copy of the registry: what it shows while there is no helper, on disk with backups. */
export class RegistryReplica implements Disposable {
  readonly #store: RecordStore;
  readonly #backup: DebouncedBackup;
  readonly #journal: SessionJournal;
  readonly #onChange = new Emitter<SessionRecord | undefined>();
  /** A record changed, or with undefined any number of them. */
  readonly onChange = this.#onChange.event;
  readonly #onProblem = new Emitter<unknown>();
  /** A change that came from elsewhere could not be saved, or a backup or an event of it not be kept. */
  readonly onProblem = this.#onProblem.event;
  #records = new Map<string, SessionRecord>();
  /** Its id; several occasions can share one. */
  #lastBackup: string | undefined;

  constructor(options: RegistryReplicaOptions) {
    this.#store = new RecordStore({
      ...options,
      records: () => this.all(),
      merge: (records) => this.#merge(records),
    });
    this.#backup = new DebouncedBackup({
      take: () => this.backUp('change'),
      onError: (error) => this.#onProblem.fire(error),
    });
    this.#journal = new SessionJournal({
      folder: options.folder,
      onError: (error) => this.#onProblem.fire(error),
    });
  }

  get backups(): Backups {
    return this.#store.backups;
  }

  /** What has happened to the sessions. */
  get journal(): SessionJournal {
    return this.#journal;
  }

  /** What a backup has to hold. */
  get content(): BackupContent {
    return this.#store.content;
  }

  /** Tombstones included. */
  all(): SessionRecord[] {
    return [...this.#records.values()];
  }

  /** The sessions that are not destroyed, oldest first. */
  list(): SessionRecord[] {
    return this.all().filter(isLive).sort(byCreation);
  }

  get(id: string): SessionRecord | undefined {
    const record = this.#records.get(id);
    return record && isLive(record) ? record : undefined;
  }

  /** @throws {HoldfastError} `NEWER_FORMAT` where a newer version has written the list. */
  requireWritable(): void {
    this.#store.requireWritable();
  }

  /** Reads what was saved, and recovers what is damaged. */
  async load(): Promise<LoadedRecords> {
    const loaded = await this.#store.load();
    this.#noteRecovery(loaded);
    this.#records = mergeRecords(loaded.records);
    if (loaded.records.length > 0) this.#onChange.fire(undefined);
    return loaded;
  }

  /** A change is on disk before it is acknowledged. @throws {HoldfastError} see {@link RecordStore.save} */
  async keep(record: SessionRecord): Promise<SessionRecord> {
    this.#remember(record);
    // What a newer version has written stays; all but a stop is refused beforehand.
    if (!this.#store.isReadOnly) await this.#store.save();
    return record;
  }

  /** A change that was made elsewhere. */
  accept(record: SessionRecord): void {
    this.#remember(record);
    this.#saveLater();
  }

  acceptAll(records: Iterable<SessionRecord>): void {
    this.#merge(records);
    this.#backup.note();
    this.#saveLater();
  }

  /** Before anything that a backup could be needed for. @throws {HoldfastError} see {@link Backups.take} */
  async backUp(reason: BackupReason): Promise<void> {
    const backup = await this.backups.take(reason, this.content);
    if (backup?.id === this.#lastBackup) return;
    this.#lastBackup = backup?.id;
    if (backup)
      this.#journal.noteEvent({ at: backup.takenAt, type: 'backupTaken', file: backup.file, count: backup.count });
  }

  reportProblem(error: unknown): undefined {
    this.#onProblem.fire(error);
  }

  noteRebuilt(sessions: readonly RestoredSession[]): void {
    const at = new Date().toISOString();
    for (const { record, from } of sessions) {
      const { id: sessionId, revision } = record;
      this.#journal.noteEvent({ at, type: 'rebuilt', sessionId, revision, source: from.path });
    }
  }

  dispose(): void {
    this.#journal.dispose();
    this.#backup.dispose();
  }

  #merge(records: Iterable<SessionRecord>): void {
    const before = this.#records;
    this.#records = mergeRecords(before.values(), records);
    for (const record of this.#records.values()) this.#journal.noteFound(before.get(record.id), record);
    this.#onChange.fire(undefined);
  }

  #remember(record: SessionRecord): void {
    const known = this.#records.get(record.id);
    if (known && known.revision >= record.revision) return;
    this.#records.set(record.id, record);
    this.#journal.note(known, record);
    this.#backup.note();
    this.#onChange.fire(record);
  }

  #noteRecovery({ source, repairs = [] }: LoadedRecords): void {
    const at = new Date().toISOString();
    if (source !== undefined) this.#journal.noteEvent({ at, type: 'fellBack', file: this.#store.file, source });
    if (repairs.length > 0) this.#journal.noteEvent({ at, type: 'repaired', fields: repairs });
  }

  #saveLater(): void {
    if (this.#store.isReadOnly) return;
    this.#store.save().catch((error) => this.#onProblem.fire(error));
  }
}
