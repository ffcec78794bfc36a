import { describeError, HoldfastError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import type { Disposable } from '../base/lifecycle.ts';
import { mergeRecords } from '../core/mergeRecords.ts';
import type { RecordSource, RestoredSession } from '../core/rebuildEvidence.ts';
import { holdSameSessions } from '../core/restorePlan.ts';
import { byCreation, isLive } from '../core/sessionRecord.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { BackupReason } from './backupFile.ts';
import type { BackupContent, Backups } from './backups.ts';
import { DebouncedBackup } from './debouncedBackup.ts';
import { type ListRecovery, type LoadedRecords, RecordStore } from './recordStore.ts';
import { SessionJournal } from './sessionJournal.ts';

/** Something that a window could not keep. */
export interface StorageProblem {
  error: unknown;
  /** Whether it is the first of its kind since the list was last saved. */
  isNews: boolean;
}

export interface RegistryReplicaOptions {
  /** The window's storage folder. */
  folder: string;
  /** Of the repository. */
  key: string;
  /** The repository's main checkout. */
  root: string;
  /** How long nothing must have changed before a backup is taken of it; milliseconds. */
  quiet?: number;
}

/** A window's copy of the registry: what it shows while there is no helper, on disk with backups. */
export class RegistryReplica implements Disposable {
  readonly #store: RecordStore;
  readonly #backup: DebouncedBackup;
  readonly #journal: SessionJournal;
  readonly #onChange = new Emitter<SessionRecord | undefined>();
  /** A record changed, or with undefined any number of them. */
  readonly onChange = this.#onChange.event;
  readonly #onProblem = new Emitter<StorageProblem>();
  /** A change that came from elsewhere could not be saved, or a backup or an event of it not be kept. */
  readonly onProblem = this.#onProblem.event;
  readonly #onNotice = new Emitter<string>();
  /** A sentence for the user about what became of the list while the window is open. */
  readonly onNotice = this.#onNotice.event;
  #records = new Map<string, SessionRecord>();
  /** Sessions that are kept and not shown, for the helper has not taken them in. */
  #heldBack: ReadonlySet<string> = new Set();
  /** What the user was told since the list was last saved. */
  readonly #problems = new Set<string>();

  constructor(options: RegistryReplicaOptions) {
    this.#store = new RecordStore({
      ...options,
      records: () => this.all(),
      merge: (records) => this.#merge(records),
      onRecovery: (recovery) => this.#tellRecovery(recovery),
    });
    this.#backup = new DebouncedBackup({
      ...(options.quiet === undefined ? {} : { quiet: options.quiet }),
      take: () => this.backUp('change'),
      onError: (error) => this.reportProblem(error),
    });
    this.#journal = new SessionJournal({
      folder: options.folder,
      onError: (error) => this.reportProblem(error),
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

  /** Tombstones and what is held back included. */
  all(): SessionRecord[] {
    return [...this.#records.values()];
  }

  /** The sessions that are not destroyed, oldest first. */
  list(): SessionRecord[] {
    return this.all()
      .filter((record) => this.#isShown(record))
      .sort(byCreation);
  }

  get(id: string): SessionRecord | undefined {
    const record = this.#records.get(id);
    return record && this.#isShown(record) ? record : undefined;
  }

  /** Where a search for lost sessions starts: what is held back is only one of the places that it looks into. */
  get evidence(): { known: SessionRecord[]; heldBack: RecordSource } {
    const records = this.all().filter((record) => this.#isHeldBack(record));
    const known = this.all().filter((record) => !this.#isHeldBack(record));
    return { known, heldBack: { kind: 'replica', path: this.#store.file, records } };
  }

  /** Sessions that would have the worktree or the branch of another one: a person has to decide about them. */
  holdBack(ids: readonly string[]): void {
    const isNews = ids.some((id) => !this.#heldBack.has(id));
    this.#heldBack = new Set(ids);
    if (!isNews) return;
    const names = ids.flatMap((id) => this.#records.get(id)?.name ?? []).map((name) => `“${name}”`);
    this.#onNotice.fire(describeHeldBack(names));
    this.#onChange.fire(undefined);
  }

  /** @throws {HoldfastError} `NEWER_FORMAT` where a newer version has written the list. */
  requireWritable(): void {
    this.#store.requireWritable();
  }

  /** Reads what was saved, and recovers what is damaged. */
  async load(): Promise<LoadedRecords> {
    const loaded = await this.#store.load();
    this.#noteRecovery(loaded);
    this.#records = mergeRecords(loaded.records.filter((record) => !isLongGone(record)));
    if (loaded.records.length > 0) {
      // The window before this one may have been closed before it took its backup.
      if (!this.#store.isReadOnly) this.#backup.note();
      this.#onChange.fire(undefined);
    }
    return loaded;
  }

  /** What the helper has for good, whatever becomes of this window's copy; that this cannot be saved is a problem. */
  async keepDone(record: SessionRecord): Promise<SessionRecord> {
    return this.keep(record).catch((error) => {
      this.reportProblem(error);
      return record;
    });
  }

  /** A change is on disk before it is acknowledged. @throws {HoldfastError} see {@link RecordStore.save} */
  async keep(record: SessionRecord): Promise<SessionRecord> {
    this.#remember(record);
    // What a newer version has written stays; all but a stop is refused beforehand.
    if (!this.#store.isReadOnly) await this.#save();
    return record;
  }

  /** A change that was made elsewhere. */
  accept(record: SessionRecord): void {
    this.#remember(record);
    this.#saveLater();
  }

  acceptAll(records: Iterable<SessionRecord>): void {
    const accepted = [...records];
    for (const record of accepted) this.#release(record);
    this.#merge(accepted);
    this.#saveLater();
  }

  /** Before anything that a backup could be needed for. @throws {HoldfastError} see {@link Backups.take} */
  async backUp(reason: BackupReason): Promise<void> {
    const now = new Date().toISOString();
    const backup = await this.backups.take(reason, this.content);
    // One that holds the same already serves again.
    if (backup && backup.takenAt >= now)
      this.#journal.noteEvent({ at: backup.takenAt, type: 'backupTaken', file: backup.file, count: backup.count });
  }

  reportProblem(error: unknown): undefined {
    const kind = error instanceof HoldfastError ? error.code : describeError(error);
    this.#onProblem.fire({ error, isNews: !this.#problems.has(kind) });
    this.#problems.add(kind);
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

  #isShown(record: SessionRecord): boolean {
    return isLive(record) && !this.#isHeldBack(record);
  }

  #isHeldBack({ id }: SessionRecord): boolean {
    return this.#heldBack.has(id);
  }

  /** The helper has it by now. */
  #release({ id }: SessionRecord): void {
    if (this.#heldBack.has(id)) this.#heldBack = new Set([...this.#heldBack].filter((other) => other !== id));
  }

  #merge(records: Iterable<SessionRecord>): void {
    const before = this.#records;
    this.#records = mergeRecords(before.values(), records);
    for (const record of this.#records.values()) this.#journal.noteFound(before.get(record.id), record);
    this.#noteForBackup([...before.values()], this.all());
    this.#onChange.fire(undefined);
  }

  #remember(record: SessionRecord): void {
    const known = this.#records.get(record.id);
    this.#release(record);
    if (known && known.revision >= record.revision) return;
    this.#records.set(record.id, record);
    this.#journal.note(known, record);
    this.#noteForBackup(known ? [known] : [], [record]);
    this.#onChange.fire(record);
  }

  /** What changes by itself, such as the last activity, is no reason for one. */
  #noteForBackup(before: SessionRecord[], after: SessionRecord[]): void {
    if (!holdSameSessions(before, after)) this.#backup.note();
  }

  #tellRecovery(recovery: ListRecovery): void {
    this.#noteRecovery(recovery);
    if (recovery.notice !== undefined) this.#onNotice.fire(recovery.notice);
  }

  #noteRecovery({ source, repairs = [], quarantined }: ListRecovery): void {
    const at = new Date().toISOString();
    const { file } = this.#store;
    if (source !== undefined) this.#journal.noteEvent({ at, type: 'fellBack', file, source });
    const kept = quarantined === undefined ? [] : [`The damaged session list is kept: ${quarantined}.`];
    this.#journal.noteRepaired([...repairs, ...kept]);
  }

  /** After a success the next failure is worth telling again. */
  async #save(): Promise<void> {
    await this.#store.save();
    this.#problems.clear();
  }

  #saveLater(): void {
    if (this.#store.isReadOnly) return;
    this.#save().catch((error) => this.reportProblem(error));
  }
}

function describeHeldBack(names: readonly string[]): string {
  const [first = ''] = names;
  const who = names.length === 1 ? `${first} is` : `${names.join(', ')} are`;
  const whose = names.length === 1 ? 'its' : 'their';
  return `${who} not shown, for another session has ${whose} worktree or branch; “Rebuild Sessions…” tells more.`;
}

/** How long a window remembers what was destroyed: longer than the helper, which is asked first. Milliseconds. */
const memory = 90 * 24 * 3_600_000;

function isLongGone({ deletedAt }: SessionRecord): boolean {
  return deletedAt !== undefined && Date.now() - Date.parse(deletedAt) > memory;
}
