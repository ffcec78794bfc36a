import * as vscode from 'vscode';
import { delay, Sequencer } from '../base/async.ts';
import { backoff } from '../base/backoff.ts';
import { type ErrorCode, HoldfastError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { SessionManager } from '../client/sessionManager.ts';
import type { ShownWork } from '../core/changesPresentation.ts';
import { onFileArrival } from '../node/fileArrival.ts';
import { repositoryPlaces, thisMachine } from '../node/places.ts';
import { findWorkplace } from '../node/repository.ts';
import type { HealthReport, SessionHealth } from '../protocol/health.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { contextKeys, type WindowState } from './ids.ts';
import { tellOnce, tellProblem, tellProposed, tellRecovered } from './notices.ts';
import { readSettings } from './settings.ts';
import { SupervisionNotices } from './supervisionNotices.ts';
import { Terminals } from './terminals.ts';
import { WorktreeNotices } from './worktreeNotices.ts';

/** Milliseconds between attempts to get a helper. */
const reconnectPauses = { initial: 1_000, max: 30_000 };

export interface WorkspaceOptions {
  context: vscode.ExtensionContext;
  log: vscode.LogOutputChannel;
  /** The folder of the built programs. */
  dist: string;
  /** The user asked in a terminal for its session to run again. */
  restart: (id: string) => void;
}

/** What this window is open on: its repository's sessions and their terminals, once they are found. */
export class Workspace implements Disposable {
  readonly #options: WorkspaceOptions;
  readonly #onChange = new Emitter<SessionRecord | undefined>();
  readonly onChange = this.#onChange.event;
  readonly #onConnectionChange = new Emitter<boolean>();
  readonly onConnectionChange = this.#onConnectionChange.event;
  readonly #onHealthChange = new Emitter<HealthReport>();
  /** Something about the sessions’ health is to be told anew. */
  readonly onHealthChange = this.#onHealthChange.event;
  readonly #onChangesChange = new Emitter<void>();
  /** What was done in the sessions’ worktrees is to be shown anew. */
  readonly onChangesChange = this.#onChangesChange.event;
  readonly #opening = new Sequencer();
  #opened = new DisposableStore();
  #isDisposed = false;
  readonly #reconnecting = new WeakSet<SessionManager>();
  #manager: SessionManager | undefined;
  #terminals: Terminals | undefined;
  #ready: Promise<void> = Promise.resolve();
  #state: WindowState | undefined;

  constructor(options: WorkspaceOptions) {
    this.#options = options;
  }

  /** Resolves once the sessions are restored; never rejects. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  list(): SessionRecord[] {
    return this.#manager?.list() ?? [];
  }

  get(id: string): SessionRecord | undefined {
    return this.#manager?.get(id);
  }

  /** The last health report; undefined before the first. */
  get health(): HealthReport | undefined {
    return this.#manager?.supervision.latest;
  }

  healthOf(id: string): SessionHealth | undefined {
    return this.#manager?.supervision.healthOf(id);
  }

  /** What was done in a session’s worktree, and whose way it is in, as far as that is known. */
  workOf(id: string): ShownWork {
    const changes = this.#manager?.changes;
    return { changes: changes?.changesOf(id), overlaps: changes?.overlapsOf(id) ?? [] };
  }

  /** Something may have happened in these sessions’ worktrees; without ids, somebody looks. */
  refreshChanges(ids?: readonly string[]): void {
    void this.#manager?.changes.refresh(ids);
  }

  /** The settings have changed. */
  configure(): void {
    void this.#manager?.supervision.configure();
  }

  /** The folder that is open. @throws {HoldfastError} `NO_FOLDER` */
  get folder(): string {
    const [folder] = localFolders();
    if (folder !== undefined) return folder;
    throw new HoldfastError('NO_FOLDER', 'No folder is open.', { advice: 'Open a folder first.' });
  }

  /** Once the sessions are restored. @throws {HoldfastError} `NO_FOLDER` and what finding the repository throws. */
  async manager(): Promise<SessionManager> {
    await this.#ready;
    // What could not be opened is tried again by whoever needs it first.
    return this.#opening.queue(async () => this.#manager ?? this.#openAnew());
  }

  async terminals(): Promise<Terminals> {
    await this.manager();
    return this.#terminals as Terminals;
  }

  /** The session whose terminal is in front. */
  get activeSession(): string | undefined {
    return this.#terminals?.activeSession;
  }

  /** Finds the repository and restores its sessions, in the background. */
  open(): void {
    this.#ready = this.reopen().catch((error) => {
      if (!isNoFolder(error)) this.#options.log.error('The sessions could not be restored', error);
    });
  }

  /** The same where another folder may be the first one now, which alone decides about the sessions. */
  foldersChanged(): void {
    const [first] = localFolders();
    if (first !== this.#manager?.options.folder) this.open();
  }

  /** Git was found, where it was missing before. */
  gitChanged(): void {
    if (this.#state === 'gitMissing') this.open();
  }

  /** The same anew, after the folder became a repository; rejects where {@link open} would only log. */
  async reopen(): Promise<void> {
    await this.#opening.queue(() => this.#openAnew());
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#close();
  }

  async #openAnew(): Promise<SessionManager> {
    this.#close();
    try {
      return await this.#open();
    } catch (error) {
      this.#close();
      this.#setState(stateAfter(error));
      throw error;
    }
  }

  async #open(): Promise<SessionManager> {
    this.#setState('starting');
    const manager = await this.#createManager();
    const { log, context, restart } = this.#options;
    const loaded = await manager.load();
    const { quarantined, rebuilt = { sessions: [], proposals: [] } } = loaded;
    if (quarantined) log.warn(`The damaged session list is kept: ${quarantined}`);
    const notices = this.#opened.add(new SupervisionNotices({ manager, memento: context.globalState, log }));
    this.#opened.add(new WorktreeNotices({ manager, workspace: this, memento: context.workspaceState, log }));
    const known = new Set(manager.list().map(({ id }) => id));
    this.#terminals = this.#opened.add(new Terminals({ manager, memento: context.workspaceState, restart }));
    await this.#restore(manager);
    const fromHelper = manager.list().filter(({ id }) => !known.has(id));
    void tellRecovered({ ...loaded, rebuilt: rebuilt.sessions, fromHelper }, log);
    void tellProposed(rebuilt.proposals, context.workspaceState, log);
    await this.#terminals.restore();
    this.#setState('ready');
    void notices.offerToResume().catch((error) => log.warn('Lost sessions could not be offered', error));
    log.info(`Ready: ${manager.list().length} sessions in ${manager.options.workplace.root}`);
    return manager;
  }

  /** What is known stays in view when the helper cannot be had; the next command tries again. */
  async #restore(manager: SessionManager): Promise<void> {
    try {
      await manager.restore();
    } catch (error) {
      this.#options.log.error('The helper could not be reached', error as Error);
      void this.#reconnect(manager);
    }
    this.#joinLater(manager);
  }

  /** A window without sessions starts no helper; when another one does, this window wants to see what it makes. */
  #joinLater(manager: SessionManager): void {
    const { machine, workplace } = manager.options;
    const { helperFile } = repositoryPlaces(machine, workplace.key);
    const join = () =>
      manager.helper.join().catch((error) => this.#options.log.warn('The helper could not be joined', error));
    try {
      this.#opened.add(onFileArrival(helperFile, () => void join()));
    } catch (error) {
      this.#options.log.warn('Sessions of other windows will show up late', error as Error);
    }
  }

  async #createManager(): Promise<SessionManager> {
    const { context, dist, log } = this.#options;
    const { folder } = this;
    const workplace = await findWorkplace(folder);
    const manager = new SessionManager({
      machine: thisMachine(),
      workplace,
      folder,
      dist,
      storage: (context.storageUri ?? context.globalStorageUri).fsPath,
      client: { kind: 'window', pid: process.pid, version: context.extension.packageJSON.version },
      settings: () => ({ ...readSettings(), size: this.#terminals?.lastSize }),
    });
    this.#manager = this.#opened.add(manager);
    this.#opened.add(manager.onChange((record) => this.#onChange.fire(record)));
    this.#opened.add(manager.supervision.onHealth((report) => this.#onHealthChange.fire(report)));
    this.#opened.add(manager.changes.onChange(() => this.#onChangesChange.fire()));
    this.#opened.add(manager.onProblem((problem) => tellProblem(problem, log)));
    this.#opened.add(manager.onNotice((notice) => void tellOnce(notice, log)));
    this.#opened.add(manager.helper.onNotice((notice) => void tellOnce(notice, log)));
    this.#opened.add(manager.helper.onConnectionChange((isConnected) => this.#connectionChanged(manager, isConnected)));
    return manager;
  }

  /** A lost helper is replaced at once, so that changes from elsewhere keep coming. */
  #connectionChanged(manager: SessionManager, isConnected: boolean): void {
    this.#options.log.info(isConnected ? 'Connected to the helper' : 'The connection to the helper was lost');
    if (isConnected) this.#onConnectionChange.fire(true);
    else if (manager.list().length > 0) void this.#reconnect(manager);
  }

  /** Tries until it succeeds; only a helper that does not come back at once is worth the user's attention. */
  async #reconnect(manager: SessionManager): Promise<void> {
    if (this.#reconnecting.has(manager)) return;
    this.#reconnecting.add(manager);
    for (const pause of backoff(reconnectPauses)) {
      if (manager !== this.#manager || (await this.#connect(manager))) break;
      this.#onConnectionChange.fire(false);
      await delay(pause);
    }
    this.#reconnecting.delete(manager);
  }

  async #connect(manager: SessionManager): Promise<boolean> {
    try {
      await manager.helper.connect();
      return true;
    } catch (error) {
      this.#options.log.error('The helper could not be started', error as Error);
      return false;
    }
  }

  #close(): void {
    this.#opened.dispose();
    // What is opened too late then finds a store that takes nothing any more.
    if (!this.#isDisposed) this.#opened = new DisposableStore();
    this.#manager = undefined;
    this.#terminals = undefined;
    this.#onChange.fire(undefined);
  }

  #setState(state: WindowState): void {
    this.#state = state;
    void vscode.commands.executeCommand('setContext', contextKeys.state, state);
  }
}

function localFolders(): string[] {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.filter(({ uri }) => uri.scheme === 'file').map(({ uri }) => uri.fsPath);
}

/** What a person can do about it themselves has a state of its own; the rest needs the log. */
const stateByCode: { [C in ErrorCode]?: WindowState } = {
  NO_FOLDER: 'noFolder',
  GIT_MISSING: 'gitMissing',
  GIT_TOO_OLD: 'gitMissing',
};

function stateAfter(error: unknown): WindowState {
  return (error instanceof HoldfastError && stateByCode[error.code]) || 'failed';
}

function isNoFolder(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === 'NO_FOLDER';
}
