import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import type { Backup } from '../client/backupFile.ts';
import type { RestoredBackup } from '../client/restoreBackup.ts';
import { describeOrigin } from '../client/sessionRestoration.ts';
import type { ImportResult } from '../client/sessionTransfer.ts';
import type { StateKeeper } from '../client/stateKeeper.ts';
import type { Proposal } from '../core/rebuildProposals.ts';
import type { ListedSession, SavedSession } from '../core/savedSession.ts';
import type { ListedArchive } from '../node/archiveList.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { ExportOptions, ImportOptions, LoadOptions } from './api.ts';
import { toMessage } from './errorMessage.ts';
import type { Workspace } from './workspace.ts';

/** What commands and the API do about backups, saved sessions, files and lost sessions; no prompts, errors are thrown. */
export class StateActions {
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** Once the sessions are restored. */
  async keeper(): Promise<StateKeeper> {
    return (await this.#workspace.manager()).state;
  }

  async listBackups(): Promise<Backup[]> {
    return (await this.keeper()).listBackups();
  }

  async restoreBackup(id: string, sessionIds?: readonly string[]): Promise<RestoredBackup> {
    return (await this.keeper()).restoreBackup(id, sessionIds);
  }

  async save(id: string, note?: string): Promise<SavedSession> {
    const manager = await this.#workspace.manager();
    return manager.state.save(manager.require(id), note);
  }

  async listSaved(): Promise<ListedSession[]> {
    return (await this.keeper()).listSaved();
  }

  /** @throws {HoldfastError} `SAVED_SESSION_NOT_FOUND` and, for one that cannot be read, why. */
  async getSaved(id: string): Promise<SavedSession> {
    return (await this.keeper()).getSaved(id);
  }

  /** Brings a saved session back; returns what the user should know about that beside its record. */
  async load(id: string, { show = true, ...options }: LoadOptions = {}): Promise<LoadedSession> {
    const { record, origin, notice } = await (await this.keeper()).loadSaved(id, options);
    if (show && options.start !== false) (await this.#workspace.terminals()).show(record.id);
    if (origin.from === 'list') {
      const stays = `“${record.name}” is in the list already and stays as it is.`;
      return { record, notice: notice === undefined ? stays : `${stays} ${notice}` };
    }
    return notice === undefined ? { record } : { record, notice };
  }

  async deleteSaved(id: string): Promise<ListedSession> {
    return (await this.keeper()).deleteSaved(id);
  }

  async listArchived(): Promise<ListedArchive[]> {
    return (await this.keeper()).listArchived();
  }

  /** Brings a destroyed session back, not started unless that is asked for. */
  async restoreArchived(id: string, { show = true, start = false }: LoadOptions = {}): Promise<LoadedSession> {
    const { record, origin, notice } = await (await this.keeper()).restoreArchived(id, { start });
    if (show && start) (await this.#workspace.terminals()).show(record.id);
    const stays = origin.from === 'list' ? [`“${record.name}” is in the list already and stays as it is.`] : [];
    const notices = [...stays, ...(notice === undefined ? [] : [notice])];
    return notices.length > 0 ? { record, notice: notices.join(' ') } : { record };
  }

  async deleteArchived(id: string): Promise<ListedArchive> {
    return (await this.keeper()).deleteArchived(id);
  }

  /** All sessions, or those named. @throws {HoldfastError} `SESSION_NOT_FOUND`, also where there is none at all. */
  async exportable(sessionIds?: readonly string[]): Promise<SessionRecord[]> {
    const manager = await this.#workspace.manager();
    const records = sessionIds ? sessionIds.map((id) => manager.require(id)) : manager.list();
    if (records.length > 0) return records;
    throw new HoldfastError('SESSION_NOT_FOUND', 'There is no session to export.', { advice: 'Create one first.' });
  }

  /** A relative path is one in the open folder. */
  async exportTo(name: string, { sessionIds, ...options }: ExportOptions = {}): Promise<ExportedFile> {
    const records = await this.exportable(sessionIds);
    const file = this.#resolve(name);
    const { leftOut } = await (await this.keeper()).exportTo(file, records, options);
    return { file, sessions: records.length, leftOut };
  }

  /** What an import would do, having changed nothing. */
  async planImport(file: string, { salvage = false }: ImportOptions = {}): Promise<PlannedSession[]> {
    const results = await (await this.keeper()).planImport(this.#resolve(file), salvage);
    return results.map(toPlanned);
  }

  async importFrom(file: string, options: ImportOptions = {}): Promise<ImportedSession[]> {
    return (await (await this.keeper()).importFrom(this.#resolve(file), options)).map(toImported);
  }

  async rebuild(): Promise<{ restored: SessionRecord[]; proposals: Proposal[] }> {
    const { sessions, proposals } = await (await this.keeper()).rebuild();
    return { restored: sessions.map(({ record }) => record), proposals };
  }

  async accept(proposal: Proposal): Promise<LoadedSession> {
    return (await this.keeper()).accept(proposal);
  }

  #resolve(file: string): string {
    return path.resolve(this.#workspace.folder, file);
  }
}

export interface LoadedSession {
  record: SessionRecord;
  /** Whole sentences for the user. */
  notice?: string;
}

export interface ExportedFile {
  file: string;
  /** How many are in it. */
  sessions: number;
  /** Names of the variables whose values are not in it, by the sessions' ids. */
  leftOut: Record<string, readonly string[]>;
}

/** What would become of one session of a file. */
export interface PlannedSession {
  name: string;
  state: 'planned' | 'skipped' | 'failed';
  /** Where it would come back, or why it would not. */
  message: string;
}

/** What has become of one session of a file. */
export interface ImportedSession {
  name: string;
  state: 'imported' | 'skipped' | 'failed';
  record?: SessionRecord;
  /** Why it failed, or what the user should know. */
  message?: string;
}

function toImported(result: ImportResult): ImportedSession {
  const { name } = result;
  if (result.state === 'failed') return { name, state: 'failed', message: toMessage(result.error) };
  const { record, notice } = result;
  const state = result.state === 'skipped' ? 'skipped' : 'imported';
  return { name, state, record, ...(notice === undefined ? {} : { message: notice }) };
}

function toPlanned(result: ImportResult): PlannedSession {
  const { name } = result;
  if (result.state === 'failed') return { name, state: 'failed', message: toMessage(result.error) };
  const { record, origin, notice } = result;
  const message = [describeOrigin(record, origin), notice].filter(Boolean).join('. ');
  return { name, state: result.state === 'skipped' ? 'skipped' : 'planned', message };
}
