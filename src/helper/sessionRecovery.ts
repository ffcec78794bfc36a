import path from 'node:path';
import { withDeadline } from '../base/async.ts';
import { HoldfastError, toErrorShape } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import { type CircuitBreaker, startsReleased, systemFailure } from '../core/circuitBreaker.ts';
import { sessionEnvironment } from '../core/launchCommand.ts';
import { launchEnvironment } from '../core/launchEnvironment.ts';
import { isLive, isRecovering } from '../core/sessionRecord.ts';
import { isGoingOnAfterSetup, setupDone } from '../core/setup.ts';
import { effectivePolicy, type SupervisionSettings } from '../core/supervisionPolicy.ts';
import type { Log } from '../node/log.ts';
import { readLastScreen } from '../node/savedScreen.ts';
import type { LaunchSpec } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { HostLinks } from './hostLinks.ts';
import type { HostSupervisor } from './hostSupervisor.ts';
import type { Registry } from './registry.ts';
import type { SessionFiles } from './sessionFiles.ts';
import type { SessionProgress } from './sessionProgress.ts';
import { SilentDiskError, type StartFolders } from './startFolders.ts';

/** Timers cannot wait longer, and no policy asks for it; milliseconds. */
const maxTimer = 2 ** 31 - 1;

/** Until an attempt is made again of which not even the failure could be written down; milliseconds. */
const unsavedPause = 10_000;

/** Until one is tried again whose disk does not answer; milliseconds. */
const silentPause = 30_000;

/** Between those that are started once the machine can start them again, so that they do not stop it anew; milliseconds. */
const releaseGap = 250;

/** How long the drawing of a screen that only gives its size may take; milliseconds. */
const screenDeadline = 1_000;

export interface SessionRecoveryOptions {
  registry: Registry;
  supervisor: Pick<HostSupervisor, 'startInTurn' | 'onStart'> & { links: Pick<HostLinks, 'inTurn' | 'launchOf'> };
  files: Pick<SessionFiles, 'places' | 'port' | 'readLaunch'>;
  folders: Pick<StartFolders, 'require'>;
  progress: SessionProgress;
  breaker: CircuitBreaker;
  settings: () => SupervisionSettings;
  log: Log;
  /** By a monotonic clock; milliseconds. */
  monotonic?: () => number;
}

interface Waiting {
  timer: NodeJS.Timeout;
  /** What its record says; milliseconds since 1970. */
  due: number;
  /** It is due, but nothing is started at present. */
  isHeld: boolean;
}

/** Starts sessions again whose processes crashed, when their time has come. What is due is in the records alone. */
export class SessionRecovery {
  readonly #options: SessionRecoveryOptions;
  readonly #timers = new Map<string, Waiting>();
  readonly #onNotice = new Emitter<string>();
  /** A sentence for the user: that nothing is started at present, or that it is again. */
  readonly onNotice = this.#onNotice.event;
  #isDisposed = false;

  constructor(options: SessionRecoveryOptions) {
    this.#options = options;
    options.registry.onChange(({ record }) => this.#arm(record));
    options.supervisor.onStart(() => this.#noteStart());
  }

  /** Takes up what an earlier helper has left to be done. */
  resume(): void {
    for (const record of this.#options.registry.list().records) this.#arm(record);
  }

  /**
   * Does not wait for the pause to end.
   *
   * @throws {HoldfastError} `SESSION_NOT_FOUND`; `HOST_START_FAILED` where the attempt has failed, and what follows from
   *   that is in the record
   */
  async retryNow(id: string): Promise<SessionRecord> {
    const { registry } = this.#options;
    const seen = registry.require(id);
    if (!isRecovering(seen)) return seen;
    this.#disarm(id);
    const record = await this.#attemptInTurn(id, dueAt(seen.recovery));
    if (isRecovering(record) || record.exit?.reason === 'start') throw notStarted(record);
    return record;
  }

  /** The user could not start a session; returns why, where that is the machine's own reason. */
  noteFailure(error: unknown): string | undefined {
    const why = systemFailure(error);
    if (why !== undefined && this.#options.breaker.failed(why, this.#now())) this.#onNotice.fire(describeHeld(why));
    return why;
  }

  /** Leaves the session as failed. @throws {HoldfastError} `SESSION_NOT_FOUND` */
  giveUp(id: string): Promise<SessionRecord> {
    const { supervisor, progress } = this.#options;
    return supervisor.links.inTurn(id, () => progress.gaveUp(id));
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const id of [...this.#timers.keys()]) this.#disarm(id);
  }

  #arm(record: SessionRecord): void {
    const { id, recovery } = record;
    const isDue = !this.#isDisposed && isLive(record) && isRecovering(record);
    if (!isDue) this.#disarm(id);
    else this.#armFor(id, recovery);
  }

  #armFor(id: string, recovery: SessionRecord['recovery']): void {
    const due = dueAt(recovery);
    if (this.#timers.get(id)?.due === due) return;
    this.#wait(id, due, this.#pauseUntil(due, recovery?.heldFor ?? recovery?.delay));
  }

  /** A clock that was put back must not make it wait for longer than was decided. */
  #pauseUntil(due: number, delay = 0): number {
    return Math.min(Math.max(0, due - Date.now()), Math.max(delay, 0));
  }

  #wait(id: string, due: number, pause: number, isHeld = false): void {
    this.#disarm(id);
    const timer = setTimeout(() => void this.#due(id), Math.min(pause, maxTimer));
    this.#timers.set(id, { timer, due, isHeld });
  }

  #disarm(id: string): void {
    clearTimeout(this.#timers.get(id)?.timer);
    this.#timers.delete(id);
  }

  async #due(id: string): Promise<void> {
    const { breaker, log } = this.#options;
    const held = breaker.wait(this.#now());
    const due = this.#timers.get(id)?.due ?? 0;
    if (held > 0) return this.#wait(id, due, held, true);
    breaker.probing(this.#now());
    this.#timers.delete(id);
    await this.#attemptInTurn(id, due).catch((error) =>
      log.warn('A session could not be started again', { id, error }),
    );
  }

  async #attemptInTurn(id: string, due: number): Promise<SessionRecord> {
    try {
      return await this.#options.supervisor.links.inTurn(id, () => this.#attempt(id, due));
    } catch (error) {
      this.#tryLater(id);
      throw error;
    }
  }

  /** Where the disk is full, not even that can be noted, and no change of the record brings the next attempt. */
  #tryLater(id: string): void {
    const { registry, breaker } = this.#options;
    const record = registry.get(id);
    if (!record || !isRecovering(record) || this.#isDisposed || this.#timers.has(id)) return;
    this.#wait(id, dueAt(record.recovery), Math.max(unsavedPause, breaker.wait(this.#now())), true);
  }

  /** To be called in turn. A failure of the machine's, or of a disk that does not answer, takes none of the session's attempts. */
  async #attempt(id: string, due: number): Promise<SessionRecord> {
    const { registry, supervisor, log } = this.#options;
    const record = registry.get(id);
    if (!record || !isRecovering(record) || this.#isDisposed) return record ?? registry.require(id);
    // Another attempt has been made meanwhile, and the next has its own time.
    if (dueAt(record.recovery) !== due) return record;
    try {
      const launch = await this.#launchOf(record);
      return await supervisor.startInTurn(launch, 'retry');
    } catch (error) {
      log.warn('An attempt to start a session again has failed', { id, error });
      return this.#noteFailedAttempt(id, error);
    }
  }

  #noteFailedAttempt(id: string, error: unknown): Promise<SessionRecord> {
    const { progress, breaker } = this.#options;
    const postponed = (why: string, pause: number) =>
      progress.postponed(id, { what: `it cannot be started again: ${why}`, pause });
    if (error instanceof SilentDiskError) return postponed(error.message, silentPause);
    const why = this.noteFailure(error);
    if (why !== undefined) return postponed(why, Math.max(1_000, breaker.wait(this.#now())));
    return progress.lost(id, { kind: 'startFailed', what: describeFailure(toErrorShape(error).message) });
  }

  /** A session was started, so that the machine can start any. */
  #noteStart(): void {
    if (this.#options.breaker.succeeded()) this.#release();
  }

  #release(): void {
    this.#onNotice.fire(startsReleased);
    const held = [...this.#timers].filter(([id, { isHeld }]) => isHeld || this.#isPostponed(id));
    for (const [index, [id, { due }]] of held.entries()) this.#wait(id, due, (index + 1) * releaseGap);
  }

  #isPostponed(id: string): boolean {
    return this.#options.registry.get(id)?.recovery?.heldFor !== undefined;
  }

  async #launchOf(record: SessionRecord): Promise<LaunchSpec> {
    const { files, folders, supervisor, settings } = this.#options;
    const known = supervisor.links.launchOf(record.id) ?? (await this.#savedLaunch(record));
    // Its worktree may have moved since it was launched.
    const cwd = path.join(record.worktreePath, record.cwd ?? '');
    await folders.require(record.id, cwd);
    const last = await withDeadline(
      readLastScreen(files.places(record.id)),
      screenDeadline,
      () => new Error('slow disk'),
    ).catch(() => undefined);
    const { maxAttempts } = effectivePolicy(record.policy, settings().policy);
    const next = { ...known, cwd, ...(last ? { cols: last.cols, rows: last.rows } : {}) };
    if (isGoingOnAfterSetup(record)) return { ...next, notice: setupDone };
    return { ...next, ...known.resume, notice: describeAttempt(record, maxAttempts) };
  }

  /** Where host and helper were killed together, nobody knows the environment any more but for what is the session's own. */
  async #savedLaunch(record: SessionRecord): Promise<LaunchSpec> {
    const { files } = this.#options;
    const [launch, port] = [await files.readLaunch(record.id), await files.port(record.id)];
    const { root = '', variables } = launch;
    const env = sessionEnvironment(process.env);
    return { ...launch, env: launchEnvironment(record, { env, root, port, variables }) };
  }

  #now(): number {
    return this.#options.monotonic?.() ?? performance.now();
  }
}

/** Milliseconds since 1970. */
function dueAt(recovery: SessionRecord['recovery']): number {
  return recovery?.retryAt === undefined ? 0 : Date.parse(recovery.retryAt);
}

function describeFailure(message: string): string {
  return `it could not be started again: ${message.replace(/\.$/, '')}`;
}

function describeHeld(why: string): string {
  return `No session is started by itself for now: ${why}. That is tried again from time to time; nothing was lost.`;
}

/** What stands between the old screen and the new. */
function describeAttempt({ evidence, attempts }: SessionRecord, maxAttempts: number): string {
  const what = evidence?.what ?? 'its process was lost';
  const at = evidence ? ` at ${new Date(evidence.at).toTimeString().slice(0, 8)}` : '';
  return `${what[0]?.toUpperCase()}${what.slice(1)}${at}; this is attempt ${attempts} of ${maxAttempts}`;
}

function notStarted({ id, name, evidence, recovery }: SessionRecord): HoldfastError {
  const next =
    recovery?.retryAt === undefined ? 'No further attempt is made by itself.' : 'It is tried again by itself.';
  return new HoldfastError('HOST_START_FAILED', `“${name}” was not started: ${evidence?.what ?? 'it failed'}.`, {
    advice: next,
    data: { id },
  });
}
