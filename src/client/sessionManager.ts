import { readdir } from 'node:fs/promises';
import { HoldfastError } from '../base/errors.ts';
import type { Event } from '../base/event.ts';
import type { Disposable } from '../base/lifecycle.ts';
import type { DestroyPreview } from '../core/destroyWords.ts';
import type { RebuildPlan } from '../core/rebuildPlan.ts';
import { chooseName } from '../core/sessionName.ts';
import { isLive } from '../core/sessionRecord.ts';
import type { SupervisionSettings } from '../core/supervisionPolicy.ts';
import type { WorktreeSituation } from '../core/worktreeSituation.ts';
import { exists } from '../node/exists.ts';
import { gitEnvironmentOf } from '../node/gitProgram.ts';
import { journalFile } from '../node/journalFiles.ts';
import { type Machine, repositoryPlaces, sessionPlaces } from '../node/places.ts';
import { type RecordReading, readRecordFile } from '../node/recordFile.ts';
import type { Workplace } from '../node/repository.ts';
import { withoutScopes } from '../node/userScope.ts';
import type { HelperHello, HelperStatus } from '../protocol/helperRpc.ts';
import type { TerminalSize } from '../protocol/hostMessages.ts';
import type { SessionEvent } from '../protocol/sessionEvent.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { BringHome } from './bringHome.ts';
import type { CreationWatch } from './creationWatch.ts';
import { previewDestroy } from './destroyPreview.ts';
import { HelperClient } from './helperClient.ts';
import { HelperLauncher } from './helperLauncher.ts';
import type { LoadedRecords } from './recordStore.ts';
import { RegistryReplica, type StorageProblem } from './registryReplica.ts';
import { SessionChanges } from './sessionChanges.ts';
import {
  type CreatedSession,
  type CreateSessionOptions,
  type CreationContext,
  createSession,
  told,
  whileNamesRace,
} from './sessionCreation.ts';
import {
  type DestroyedSession,
  type DestroyOptions,
  destroySession,
  type LifeContext,
  type RestartOptions,
  restartSession,
  stopGrace,
} from './sessionLife.ts';
import { SessionSupervision } from './sessionSupervision.ts';
import { StateKeeper } from './stateKeeper.ts';
import { noteOf, registerStorage } from './windowStorages.ts';
import { type RepairChoice, repairWorktree, situationOf } from './worktreeReconciliation.ts';
import type { WorktreeSettings } from './worktreeSetup.ts';

/** What the user has set; asked for anew at each use. */
export interface ManagerSettings {
  /** Null for no limit. */
  maxSessions: number | null;
  /** Folder for worktrees, relative to the repository's root, or absolute; see {@link worktreeLocation}. */
  worktreesFolder: string;
  scrollback: number;
  theme: 'dark' | 'light';
  shell: string;
  /** Whether helper and hosts are to go on after the user has logged out, where the system can do that. */
  surviveLogout: boolean;
  /** When sessions are started again by themselves, and when they are ended. */
  supervision: SupervisionSettings;
  /** For the environments of all sessions, with placeholders; undefined where the user's settings are not known. */
  variables?: Readonly<Record<string, string>>;
  /** How worktrees are made, and made ready; undefined where the user's settings are not known. */
  worktree?: WorktreeSettings;
  /** Of the terminal that will probably show a new session. */
  size?: TerminalSize | undefined;
}

export interface SessionManagerOptions {
  machine: Machine;
  workplace: Workplace;
  /** The folder that is open: the main checkout, one of its worktrees, or a folder inside. */
  folder: string;
  /** The folder of the built programs. */
  dist: string;
  /** The window's storage. */
  storage: string;
  client: HelperHello['client'];
  settings: () => ManagerSettings;
}

/** What a window has found in its storage, and where that is empty, elsewhere. */
export interface LoadReport extends LoadedRecords {
  rebuilt?: RebuildPlan;
  /** The window had a list here before, and nothing is left of it. */
  isGone: boolean;
}

/** Creates, lists, names, stops, restarts and destroys the sessions of one repository. */
export class SessionManager implements Disposable {
  readonly options: SessionManagerOptions;
  readonly helper: HelperClient;
  readonly #launcher: HelperLauncher;
  readonly #replica: RegistryReplica;
  /** Backups, saved sessions, export and import, and the search for lost sessions. */
  readonly state: StateKeeper;
  /** Commits, merges and pushes of what sessions have done. */
  readonly home: BringHome;
  /** Health, recovery, and what is done to many sessions at once. */
  readonly supervision: SessionSupervision;
  /** What was done in the sessions’ worktrees, and which of them are in each other’s way. */
  readonly changes: SessionChanges;

  constructor(options: SessionManagerOptions) {
    this.options = options;
    const { machine, workplace, dist, client, storage } = options;
    const { key, root } = workplace;
    const environment = () => ({ ...gitEnvironmentOf(), ...(options.settings().surviveLogout ? {} : withoutScopes) });
    this.#launcher = new HelperLauncher({ machine, key, dist, client, environment });
    this.#replica = new RegistryReplica({ folder: storage, key, root });
    this.helper = new HelperClient({
      launcher: this.#launcher,
      replica: () => this.#replica.all(),
      settings: () => options.settings().supervision,
    });
    this.supervision = new SessionSupervision({
      manager: this,
      helper: this.helper,
      keepDone: (record) => this.#replica.keepDone(record),
      settings: () => options.settings().supervision.policy,
    });
    this.changes = new SessionChanges(this.helper);
    this.state = new StateKeeper({
      manager: options,
      helper: this.helper,
      replica: this.#replica,
      creation: () => this.#creation(),
    });
    const note = (event: SessionEvent) => this.#replica.journal.noteEvent(event);
    const overlapsOf = (id: string) => this.changes.overlapsOf(id);
    this.home = new BringHome({ workplace, sessions: () => this.list(), overlapsOf, note });
    this.helper.onHeldBack((ids) => this.#replica.holdBack(ids));
    this.helper.onList(({ records }) => this.#replica.acceptAll(records));
    this.helper.onChange((record) => this.#replica.accept(record));
    this.helper.onNotice((notice) => this.#replica.journal.noteRepaired([notice]));
  }

  /** A record changed, or with undefined any number of them. */
  get onChange(): Event<SessionRecord | undefined> {
    return this.#replica.onChange;
  }

  /** A sentence for the user about what became of the session list while the window is open. */
  get onNotice(): Event<string> {
    return this.#replica.onNotice;
  }

  /** A change that came from elsewhere could not be saved in this window’s storage. */
  get onProblem(): Event<StorageProblem> {
    return this.#replica.onProblem;
  }

  /** The sessions that are not destroyed, oldest first. */
  list(): SessionRecord[] {
    return this.#replica.list();
  }

  get(id: string): SessionRecord | undefined {
    return this.#replica.get(id);
  }

  /** @throws {HoldfastError} `SESSION_NOT_FOUND` */
  require(id: string): SessionRecord {
    const record = this.get(id);
    if (record) return record;
    throw new HoldfastError('SESSION_NOT_FOUND', 'There is no such session.', { data: { id } });
  }

  /** Reads this window's replica, and recovers what is damaged; where nothing is known, all that can be found. */
  async load(): Promise<LoadReport> {
    const { machine, workplace, storage } = this.options;
    const problem = (error: unknown) => this.#replica.reportProblem(error);
    const hadList = await this.#hadList().catch(() => false);
    await registerStorage(repositoryPlaces(machine, workplace.key), storage).catch(problem);
    const loaded = await this.#replica.load();
    const rebuilt = loaded.isIncomplete ? await this.state.rebuild().catch(problem) : undefined;
    const isGone = hadList && loaded.isIncomplete && loaded.notice === undefined;
    return { ...loaded, isGone, ...(rebuilt ? { rebuilt } : {}) };
  }

  /** Whether the window was here before and had sessions: its storage folder is gone, or has their journal still. */
  async #hadList(): Promise<boolean> {
    const { machine, workplace, storage } = this.options;
    if (!(await exists(noteOf(repositoryPlaces(machine, workplace.key), storage)))) return false;
    return !(await exists(storage)) || (await exists(journalFile(storage)));
  }

  /** Brings the sessions back: their processes run on, and those whose process is gone are idle. */
  async restore(): Promise<void> {
    if (this.list().length > 0 || (await this.#hasSessionsOnDisk())) await this.helper.connect();
    else await this.helper.join();
  }

  /** @throws {HoldfastError} see {@link createSession}; nothing half-made stays behind. */
  async create(options: CreateSessionOptions = {}, watch: CreationWatch = {}): Promise<CreatedSession> {
    this.#replica.requireWritable();
    return createSession({ ...this.#creation(), watch }, options);
  }

  /** The name is made safe as at creation; the branch and the worktree keep theirs. */
  async rename(id: string, input: string): Promise<CreatedSession> {
    this.#replica.requireWritable();
    if (!input.trim()) throw new HoldfastError('INVALID_NAME', 'A session needs a name.');
    return whileNamesRace(async () => {
      // Connecting brings in the sessions of other windows.
      await this.helper.connect();
      const record = this.require(id);
      const others = this.list().filter((other) => other.id !== id);
      const taken = others.map((other) => other.name);
      const { name, notice } = chooseName(input, new Date(), taken);
      return told(await this.#replica.keepDone(await this.helper.update(record, () => ({ name }))), notice);
    });
  }

  /** How the session’s worktree is. @throws {HoldfastError} `SESSION_NOT_FOUND`, `NOT_A_REPOSITORY` */
  async inspectWorktree(id: string): Promise<WorktreeSituation> {
    return situationOf(this.#life(), this.require(id));
  }

  /** Puts the session and its worktree together again. @throws {HoldfastError} see {@link repairWorktree} */
  async repairWorktree(id: string, choice: RepairChoice): Promise<CreatedSession> {
    this.#replica.requireWritable();
    return repairWorktree(this.#life(), this.require(id), choice);
  }

  async stop(id: string): Promise<SessionRecord> {
    return this.#replica.keepDone(await this.helper.stop(this.require(id).id, stopGrace));
  }

  /** @throws {HoldfastError} see {@link restartSession} */
  async restart(id: string, options: RestartOptions = {}): Promise<CreatedSession> {
    this.#replica.requireWritable();
    return restartSession(this.#life(), this.require(id), options);
  }

  /** @throws {HoldfastError} see {@link destroySession} */
  async destroy(id: string, options: DestroyOptions = {}): Promise<DestroyedSession> {
    this.require(id);
    return (await this.prepareToDestroy())(id, options);
  }

  /** What would go with a session that is destroyed. */
  previewDestroy(id: string): Promise<DestroyPreview> {
    return previewDestroy(this.options.workplace, this.require(id));
  }

  /** What destroys one session after the other: all of them are in the one backup that is taken here. */
  async prepareToDestroy(): Promise<(id: string, options?: DestroyOptions) => Promise<DestroyedSession>> {
    this.#replica.requireWritable();
    await this.#replica.backUp('destroy');
    return (id, options) => destroySession(this.#life(), this.require(id), options);
  }

  status(): Promise<HelperStatus> {
    return this.helper.status();
  }

  /** Lets go of the helper and the sessions, which run on. */
  dispose(): void {
    this.supervision.dispose();
    this.changes.dispose();
    this.helper.dispose();
    this.#replica.dispose();
  }

  #creation(): CreationContext {
    const keep = (record: SessionRecord) => this.#replica.keep(record);
    return { ...this.options, helper: this.helper, sessions: () => this.list(), keep };
  }

  #life(): LifeContext {
    const keepDone = (record: SessionRecord) => this.#replica.keepDone(record);
    return { ...this.options, helper: this.helper, sessions: () => this.list(), keepDone };
  }

  /** Another window may have made sessions that this one's storage has never heard of. */
  async #hasSessionsOnDisk(): Promise<boolean> {
    const { machine, workplace } = this.options;
    const ids = await readdir(repositoryPlaces(machine, workplace.key).sessionsFolder).catch(() => []);
    const readings = ids.map((id) => readRecordFile(sessionPlaces(machine, workplace.key, id).record, id));
    return (await Promise.all(readings)).some(mayBeLive);
  }
}

/** A record that cannot be read may be one, too. */
function mayBeLive(reading: RecordReading): boolean {
  if (reading.state === 'missing') return false;
  return reading.record === undefined || isLive(reading.record);
}
