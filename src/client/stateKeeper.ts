import type { RebuildPlan } from '../core/rebuildPlan.ts';
import type { Proposal } from '../core/rebuildProposals.ts';
import { describeSecondCopy, type ListedSession, type SavedSession } from '../core/savedSession.ts';
import type { ListedArchive } from '../node/archiveList.ts';
import { repositoryPlaces } from '../node/places.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { deleteArchivedSession, listArchivedSessions, restoreArchivedSession } from './archivedSessions.ts';
import type { Backup } from './backupFile.ts';
import { BackupStores } from './backupStores.ts';
import { readExport, writeExport } from './exportFile.ts';
import type { HelperClient } from './helperClient.ts';
import { acceptProposal, bringBack, rebuild } from './rebuild.ts';
import type { RegistryReplica } from './registryReplica.ts';
import { type BackupRestore, planBackupRestore, type RestoredBackup, restoreBackup } from './restoreBackup.ts';
import { SavedSessions } from './savedSessions.ts';
import type { CreatedSession, CreationContext } from './sessionCreation.ts';
import type { SessionManagerOptions } from './sessionManager.ts';
import { type RestoredSession, type RestoreOptions, restoreSession } from './sessionRestoration.ts';
import {
  type ExportOptions,
  exportSessions,
  type ImportResult,
  importSessions,
  planImport,
} from './sessionTransfer.ts';

export interface StateKeeperOptions {
  manager: SessionManagerOptions;
  helper: HelperClient;
  replica: RegistryReplica;
  /** For sessions that are made of what was kept. */
  creation: () => CreationContext;
}

/** What a window does so that no session is lost: backups, saved sessions, files, and looking for lost ones. */
export class StateKeeper {
  readonly #options: StateKeeperOptions;
  readonly #saved: SavedSessions;

  constructor(options: StateKeeperOptions) {
    this.#options = options;
    const { machine, workplace } = options.manager;
    const { savedFolder } = repositoryPlaces(machine, workplace.key);
    this.#saved = new SavedSessions({ folder: savedFolder, workplace });
  }

  /**
   * Those of all windows and of the command line, newest first; damaged ones are among them.
   *
   * @throws {HoldfastError} `STORAGE_NOT_WRITABLE` where none can be read
   */
  async listBackups(): Promise<Backup[]> {
    const { backups, problems } = await this.#backupStores();
    const [problem] = problems;
    if (problem && backups.length === 0) throw problem;
    return [...backups];
  }

  /** What {@link restoreBackup} would do, having changed nothing. @throws {HoldfastError} see there. */
  async planRestore(id: string, ids?: readonly string[]): Promise<BackupRestore> {
    return planBackupRestore(await this.#restoreContext(id), id, ids);
  }

  /** Takes a backup first. @throws {HoldfastError} see {@link restoreBackup} and `NEWER_FORMAT` */
  async restoreBackup(id: string, ids?: readonly string[]): Promise<RestoredBackup> {
    const { replica } = this.#options;
    replica.requireWritable();
    const context = await this.#restoreContext(id);
    const helper = this.#restoringFrom(context.backups.fileOf(id));
    const restored = await restoreBackup({ ...context, helper }, id, ids);
    await this.#keepAll(restored.restored);
    return restored;
  }

  /** Saves a session as it is now, beside what was saved of it before. @throws {HoldfastError} see {@link SavedSessions.save} */
  save(record: SessionRecord, note?: string): Promise<SavedSession> {
    return this.#saved.save(record, note === undefined ? {} : { note });
  }

  /** Newest first; one that cannot be read is among them, and `state` says so. */
  listSaved(): Promise<ListedSession[]> {
    return this.#saved.list();
  }

  /** @throws {HoldfastError} see {@link SavedSessions.load} */
  getSaved(id: string): Promise<SavedSession> {
    return this.#saved.load(id);
  }

  /** Brings a saved session back. @throws {HoldfastError} see {@link SavedSessions.load} and {@link restoreSession} */
  async loadSaved(id: string, options: RestoreOptions = {}): Promise<RestoredSession> {
    this.#options.replica.requireWritable();
    const saved = await this.#saved.load(id);
    const restored = await restoreSession(this.#options.creation(), saved, options);
    if (saved.problem === undefined) return restored;
    const notices = [describeSecondCopy(saved.problem), ...(restored.notice === undefined ? [] : [restored.notice])];
    return { ...restored, notice: notices.join(' ') };
  }

  /** @throws {HoldfastError} see {@link SavedSessions.delete} */
  deleteSaved(id: string): Promise<ListedSession> {
    return this.#saved.delete(id);
  }

  /** The archives of destroyed sessions' worktrees, newest first; one that cannot be read is among them. */
  listArchived(): Promise<ListedArchive[]> {
    return listArchivedSessions(this.#options.manager.workplace);
  }

  /** Brings a destroyed session back with its worktree as it was. @throws {HoldfastError} see {@link restoreArchivedSession} */
  async restoreArchived(id: string, options: RestoreOptions = {}): Promise<RestoredSession> {
    this.#options.replica.requireWritable();
    return restoreArchivedSession(this.#options.creation(), id, options);
  }

  /** @throws {HoldfastError} see {@link deleteArchivedSession} */
  deleteArchived(id: string): Promise<ListedArchive> {
    return deleteArchivedSession(this.#options.manager.workplace, id);
  }

  /** @throws {HoldfastError} see {@link writeExport} */
  async exportTo(
    file: string,
    records: readonly SessionRecord[],
    options: ExportOptions & { force?: boolean } = {},
  ): Promise<{ leftOut: Record<string, readonly string[]> }> {
    const { text, leftOut } = await exportSessions(this.#options.manager.workplace, records, options);
    await writeExport(file, text, options);
    return { leftOut };
  }

  /** What {@link importFrom} would do, having changed nothing. @throws {HoldfastError} see {@link readExport} */
  async planImport(file: string, salvage = false): Promise<ImportResult[]> {
    const { workplace } = this.#options.manager;
    const { sessions } = await readExport(file, { workplace, salvage });
    return planImport(this.#options.creation(), sessions);
  }

  /** Takes a backup first, where anything comes in at all; each session comes in by itself. @throws {HoldfastError} see {@link readExport} */
  async importFrom(file: string, options: RestoreOptions & { salvage?: boolean } = {}): Promise<ImportResult[]> {
    const { manager, replica, creation } = this.#options;
    replica.requireWritable();
    const { salvage = false, ...restore } = options;
    const { sessions } = await readExport(file, { workplace: manager.workplace, salvage });
    const planned = await planImport(creation(), sessions);
    if (!planned.some(({ state }) => state === 'planned')) return planned;
    await replica.backUp('import');
    return importSessions(creation(), sessions, restore);
  }

  /**
   * Looks for sessions that this window does not know, and takes in those that are beyond doubt, each by itself, after
   * a backup. The others are proposed, each with the evidence.
   *
   * @throws {HoldfastError} `GIT_FAILED`, `GIT_MISSING`, `NO_FOLDER`, `DISK_FULL`, `STORAGE_NOT_WRITABLE`, and where no
   *   session could be brought back, what {@link HelperClient.restore} throws.
   */
  async rebuild(): Promise<RebuildPlan> {
    const { helper, replica } = this.#options;
    if (helper.isConnected) replica.acceptAll((await helper.list()).records);
    const plan = await this.#planRebuild();
    if (plan.sessions.length === 0) return plan;
    await replica.backUp('repair');
    return helper.isConnected ? this.#bringBack(plan) : this.#bringBackConnecting(plan);
  }

  /** Makes the session that was proposed, after a backup. @throws {HoldfastError} see {@link acceptProposal} */
  async accept(proposal: Proposal): Promise<CreatedSession> {
    const { manager, helper, replica } = this.#options;
    replica.requireWritable();
    await helper.connect();
    await replica.backUp('repair');
    const created = await acceptProposal({ ...manager, helper }, proposal);
    await replica.keepDone(created.record);
    return created;
  }

  #planRebuild(): Promise<RebuildPlan> {
    const { manager, replica } = this.#options;
    return rebuild(manager, replica.evidence);
  }

  /** What the helper knows, be it that a session was destroyed, must not be undone by an older copy. */
  async #bringBackConnecting(plan: RebuildPlan): Promise<RebuildPlan> {
    const { helper, replica } = this.#options;
    try {
      await helper.connect();
    } catch (error) {
      replica.reportProblem(error);
      // As they are, for the next helper may know them just so, and how they are then.
      replica.acceptAll(plan.sessions.map(({ record }) => record));
      replica.noteRebuilt(plan.sessions);
      return plan;
    }
    return this.#bringBack(await this.#planRebuild());
  }

  async #bringBack({ sessions: lost, proposals }: RebuildPlan): Promise<RebuildPlan> {
    const { helper, replica } = this.#options;
    const { sessions, errors } = await bringBack(helper, lost);
    for (const { record } of sessions) await replica.keepDone(record);
    replica.noteRebuilt(sessions);
    if (errors.length > 0 && sessions.length === 0) throw errors[0];
    for (const error of errors) replica.reportProblem(error);
    return { sessions, proposals };
  }

  #backupStores(): Promise<BackupStores> {
    const { machine, workplace, storage } = this.#options.manager;
    return BackupStores.find(machine, workplace, storage);
  }

  /** @throws {HoldfastError} `BACKUP_NOT_FOUND` */
  async #restoreContext(id: string) {
    const { manager, helper, replica } = this.#options;
    const { store: backups } = (await this.#backupStores()).require(id);
    const { backups: own, content } = replica;
    return { workplace: manager.workplace, helper, backups, own, content };
  }

  /** The journal tells where the sessions come from, whoever hears of their return first. */
  #restoringFrom(source: string): Pick<HelperClient, 'list' | 'restore'> {
    const { helper, replica } = this.#options;
    return {
      list: () => helper.list(),
      restore: (records) => {
        const ids = records.map(({ id }) => id);
        return replica.journal.restoring(ids, source, () => helper.restore(records));
      },
    };
  }

  async #keepAll(records: readonly SessionRecord[]): Promise<void> {
    for (const record of records) await this.#options.replica.keepDone(record);
  }
}
