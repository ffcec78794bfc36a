import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import type { Event } from '../base/event.ts';
import type { Disposable } from '../base/lifecycle.ts';
import { sessionEnvironment } from '../core/launchCommand.ts';
import { shareWork } from '../core/newcomers.ts';
import type { RebuildPlan } from '../core/rebuildPlan.ts';
import { chooseName } from '../core/sessionName.ts';
import { isLive, isRunning, wasStarted } from '../core/sessionRecord.ts';
import { exists } from '../node/exists.ts';
import { journalFile } from '../node/journalFiles.ts';
import { type Machine, repositoryPlaces, sessionPlaces } from '../node/places.ts';
import { type RecordReading, readRecordFile } from '../node/recordFile.ts';
import type { Workplace } from '../node/repository.ts';
import { withoutScopes } from '../node/userScope.ts';
import { isWorktreeOf } from '../node/worktree.ts';
import { type KeptWork, removeUnlessNeeded } from '../node/worktreeRemoval.ts';
import type { HelperHello, HelperStatus } from '../protocol/helperRpc.ts';
import type { LaunchSpec, TerminalSize } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { whileCreating } from './creationLock.ts';
import { HelperClient } from './helperClient.ts';
import { HelperLauncher } from './helperLauncher.ts';
import { launchSpec } from './launch.ts';
import type { LoadedRecords } from './recordStore.ts';
import { RegistryReplica, type StorageProblem } from './registryReplica.ts';
import {
  type CreatedSession,
  type CreateSessionOptions,
  type CreationContext,
  createSession,
  told,
  whileNamesRace,
} from './sessionCreation.ts';
import { completeWorktree, ownsBranch, tagSession } from './sessionWorktree.ts';
import { StateKeeper } from './stateKeeper.ts';
import { noteOf, registerStorage } from './windowStorages.ts';

/** How long a session's process may take to end after the hangup; milliseconds. */
const stopGrace = 5_000;

/** What the user has set; asked for anew at each use. */
export interface ManagerSettings {
  /** Null for no limit. */
  maxSessions: number | null;
  /** Folder for worktrees, relative to the repository's root, or absolute. */
  worktreesFolder: string;
  scrollback: number;
  theme: 'dark' | 'light';
  shell: string;
  /** Whether helper and hosts are to go on after the user has logged out, where the system can do that. */
  surviveLogout: boolean;
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

export interface DestroyedSession {
  record: SessionRecord;
  /** Present where work was kept: where it is and why. */
  kept?: KeptWork;
}

/** Creates, lists, names, stops, restarts and destroys the sessions of one repository. */
export class SessionManager implements Disposable {
  readonly options: SessionManagerOptions;
  readonly helper: HelperClient;
  readonly #launcher: HelperLauncher;
  readonly #replica: RegistryReplica;
  /** Backups, saved sessions, export and import, and the search for lost sessions. */
  readonly state: StateKeeper;

  constructor(options: SessionManagerOptions) {
    this.options = options;
    const { machine, workplace, dist, client, storage } = options;
    const { key, root } = workplace;
    const environment = () => (options.settings().surviveLogout ? {} : withoutScopes);
    this.#launcher = new HelperLauncher({ machine, key, dist, client, environment });
    this.#replica = new RegistryReplica({ folder: storage, key, root });
    this.helper = new HelperClient({ launcher: this.#launcher, replica: () => this.#replica.all() });
    this.state = new StateKeeper({
      manager: options,
      helper: this.helper,
      replica: this.#replica,
      creation: () => this.#creation(),
    });
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
  async create(options: CreateSessionOptions = {}): Promise<CreatedSession> {
    this.#replica.requireWritable();
    return createSession(this.#creation(), options);
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

  async stop(id: string): Promise<SessionRecord> {
    return this.#replica.keepDone(await this.helper.stop(this.require(id).id, stopGrace));
  }

  /**
   * Stops the session's process if it runs, and starts its command anew in the same worktree; where its creation
   * was cut short, it gets its worktree first.
   */
  async restart(id: string): Promise<CreatedSession> {
    this.#replica.requireWritable();
    const record = this.require(id);
    if (wasStarted(record)) return { record: await this.#startAnew(record) };
    return whileCreating(this.options, record, async () => {
      const { workplace } = this.options;
      if (!record.branch || workplace.kind !== 'git') return { record: await this.#startAnew(record) };
      const notice = await completeWorktree(workplace, record);
      const started = await this.#startAnew(record).catch(async (error) => {
        throw await this.#undoRestart(record, error);
      });
      return told(started, notice);
    });
  }

  /**
   * Stops the session and forgets it. Its worktree goes only if that loses no work, or if it is gone already.
   *
   * @throws {HoldfastError} `SESSION_RUNNING` where it does not end, or another window starts it meanwhile.
   */
  async destroy(id: string): Promise<DestroyedSession> {
    this.#replica.requireWritable();
    this.require(id);
    await this.#replica.backUp('destroy');
    const record = await this.#end(id);
    // Once it is forgotten, no other window can start it in the worktree that goes.
    const tombstone = await this.helper.delete(record);
    const other = this.list().find((session) => shareWork(session, record));
    const kept = other ? inUse(record, other) : await this.#removeWorktree(record);
    // What another session has is marked as its own.
    if (kept && !other) await this.#tagKept(tombstone);
    await this.#replica.keepDone(tombstone);
    return kept ? { record: tombstone, kept } : { record: tombstone };
  }

  status(): Promise<HelperStatus> {
    return this.helper.status();
  }

  /** Lets go of the helper and the sessions, which run on. */
  dispose(): void {
    this.helper.dispose();
    this.#replica.dispose();
  }

  #creation(): CreationContext {
    const keep = (record: SessionRecord) => this.#replica.keep(record);
    return { ...this.options, helper: this.helper, sessions: () => this.list(), keep };
  }

  /** Another window may have made sessions that this one's storage has never heard of. */
  async #hasSessionsOnDisk(): Promise<boolean> {
    const { machine, workplace } = this.options;
    const ids = await readdir(repositoryPlaces(machine, workplace.key).sessionsFolder).catch(() => []);
    const readings = ids.map((id) => readRecordFile(sessionPlaces(machine, workplace.key, id).record, id));
    return (await Promise.all(readings)).some(mayBeLive);
  }

  async #startAnew(record: SessionRecord): Promise<SessionRecord> {
    const launch = await this.#launchAgain(record);
    await this.#end(record.id);
    return this.#replica.keepDone(await this.helper.start(launch));
  }

  /** Another window has destroyed the session, and may not have seen the worktree that was just made for it. */
  async #undoRestart(record: SessionRecord, error: unknown): Promise<unknown> {
    if (!(error instanceof HoldfastError) || error.code !== 'SESSION_NOT_FOUND') return error;
    const kept = await this.#removeWorktree(record);
    if (!kept) return error;
    const { id, name } = record;
    return new HoldfastError('SESSION_NOT_FOUND', `“${name}” was destroyed meanwhile by another window.`, {
      advice: `Its worktree was kept (${kept.reason}): ${kept.path}.`,
      data: { id, kept },
      cause: error,
    });
  }

  /** Asks even if the record says that nothing runs: another window may have started it just now. */
  async #end(id: string): Promise<SessionRecord> {
    const record = await this.helper.stop(id, stopGrace);
    if (!isRunning(record)) return record;
    throw new HoldfastError('SESSION_RUNNING', `“${record.name}” cannot be stopped. Nothing was changed.`, {
      advice: 'Its session host does not answer; try again once it does.',
      data: { id },
    });
  }

  /** Before anything is stopped it is known whether the session can start again. */
  async #launchAgain(record: SessionRecord): Promise<LaunchSpec> {
    try {
      return await launchSpec(record, { ...this.options.settings(), env: sessionEnvironment(process.env) });
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== 'NO_FOLDER') throw error;
      throw new HoldfastError('NO_FOLDER', `The folder of “${record.name}” is gone: ${String(error.data.folder)}.`, {
        advice: record.branch
          ? `Bring it back with “git worktree add”, or destroy the session; ${record.branch} is kept if it has work.`
          : 'Bring it back, or destroy the session.',
        data: { id: record.id, ...error.data },
        cause: error,
      });
    }
  }

  /** Says in the worktree itself that its session was destroyed; where that cannot be, the helper knows it still. */
  async #tagKept(tombstone: SessionRecord): Promise<void> {
    const { workplace } = this.options;
    if (workplace.kind !== 'git') return;
    const isIts = await isWorktreeOf(workplace, tombstone.worktreePath).catch(() => false);
    if (isIts) await tagSession(workplace, tombstone).catch(() => undefined);
  }

  async #removeWorktree(record: SessionRecord): Promise<KeptWork | undefined> {
    const { worktreePath, branch, baseBranch } = record;
    if (!branch) return undefined;
    return removeUnlessNeeded({
      root: this.options.workplace.root,
      path: path.resolve(worktreePath),
      branch,
      base: baseBranch,
      ownsBranch: ownsBranch(record),
    });
  }
}

function inUse({ worktreePath }: SessionRecord, { name }: SessionRecord): KeptWork {
  return { path: worktreePath, reason: `“${name}” works in it` };
}

/** A record that cannot be read may be one, too. */
function mayBeLive(reading: RecordReading): boolean {
  if (reading.state === 'missing') return false;
  return reading.record === undefined || isLive(reading.record);
}
