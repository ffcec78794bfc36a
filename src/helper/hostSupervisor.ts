import { stat } from 'node:fs/promises';
import { KeyedSequencer, withDeadline } from '../base/async.ts';
import { backoff } from '../base/backoff.ts';
import { fromErrorShape, HoldfastError } from '../base/errors.ts';
import { Emitter, nextEvent } from '../base/event.ts';
import { HostClient } from '../client/hostClient.ts';
import { isLive, isRunning } from '../core/sessionRecord.ts';
import { type SessionEvent, transition } from '../core/statusMachine.ts';
import { startBackground } from '../node/backgroundProcess.ts';
import type { Log } from '../node/log.ts';
import { pausePoint } from '../node/pausePoint.ts';
import { liveness } from '../node/processIdentity.ts';
import { isNobodyListening } from '../node/sockets.ts';
import type { ServerToken } from '../node/token.ts';
import type { RegistryChange } from '../protocol/helperRpc.ts';
import type { HostExit, LaunchSpec } from '../protocol/hostMessages.ts';
import type { RecordChanges, SessionRecord } from '../protocol/sessionRecord.ts';
import { AppearedHosts } from './appearedHosts.ts';
import { doesNotEnd, mayStillRun } from './hostErrors.ts';
import type { Registry } from './registry.ts';
import type { SessionFiles } from './sessionFiles.ts';

/** How long a session host may take to report that its process runs; milliseconds. */
const startDeadline = 15_000;

/** What a process that was told to end gets on top of its grace time until its host reports; milliseconds. */
const stopMargin = 10_000;

/** How long until a host that lives but did not answer is tried again: one that is dying is soon gone. Milliseconds. */
const retryPauses = { initial: 50, max: 5_000 };

/** V8 settings that keep a mostly idle program small. */
const hostFlags = ['--max-semi-space-size=1', '--v8-pool-size=1'];

/** Makes glibc give freed memory back, which is 2 MB of an idle host; other systems do not look at it. */
const hostEnv = { MALLOC_TRIM_THRESHOLD_: String(256 * 1024) };

export interface HostSupervisorOptions {
  key: string;
  /** The bundle of the session host. */
  hostScript: string;
  token: ServerToken;
  files: SessionFiles;
  registry: Registry;
  log: Log;
}

/** Starts, adopts and stops session hosts, and turns what happens to them into changes of their records. */
export class HostSupervisor {
  readonly #options: HostSupervisorOptions;
  readonly #links = new Map<string, HostClient>();
  /** Hosts that live but did not answer, each with its next attempt and the pauses between further ones. */
  readonly #unreachable = new Map<string, { timer: NodeJS.Timeout; pauses: Generator<number, never> }>();
  readonly #appeared: AppearedHosts;
  readonly #operations = new KeyedSequencer<string>();
  readonly #onLinksChange = new Emitter<void>();
  readonly onLinksChange = this.#onLinksChange.event;

  constructor(options: HostSupervisorOptions) {
    this.#options = options;
    this.#appeared = new AppearedHosts(options.files);
  }

  /** Whether the program of the session host is still where this helper was started from. */
  async canStart(): Promise<boolean> {
    return stat(this.#options.hostScript).then(
      () => true,
      () => false,
    );
  }

  /** Hosts this helper is connected to. */
  get count(): number {
    return this.#links.size;
  }

  /** Whether any session's host is known to live, be it connected or not. */
  get hasHosts(): boolean {
    return this.#links.size + this.#unreachable.size > 0;
  }

  /** Takes in every host that runs, and notes the end of every one that does not. */
  async adoptAll(): Promise<void> {
    await this.#adoptEach(await this.#options.files.list());
  }

  /** Takes in hosts that were not found before, for their files were gone. */
  async adoptAppeared(): Promise<void> {
    const live = this.#options.registry.list().records.filter(isLive);
    await this.#adoptEach(await this.#appeared.find(live.map(({ id }) => id).filter((id) => !this.#links.has(id))));
  }

  /** Notes the end of a session that is said to run but has no host left: no file of it, and nobody at its socket. */
  noteMissingHost(id: string): Promise<void> {
    return this.#operations.queue(id, () => this.#tryAdoption(id));
  }

  /** Runs `task` while nothing else is done to the session, such as starting it. */
  inTurn<T>(id: string, task: () => Promise<T>): Promise<T> {
    return this.#operations.queue(id, task);
  }

  /** @throws {HoldfastError} `HOST_START_FAILED` and what the host itself reports. */
  start(launch: LaunchSpec): Promise<SessionRecord> {
    return this.#operations.queue(launch.sessionId, () => this.#start(launch));
  }

  /**
   * Ends a session's process; resolves once its record says so.
   *
   * @throws {HoldfastError} `TIMEOUT` when the process does not end, or its host does not answer.
   */
  async stop(id: string, graceMs: number): Promise<SessionRecord> {
    const { registry } = this.#options;
    registry.require(id);
    // All that takes time is queued, so that of two stops the later one's grace counts.
    const host = await this.#operations.queue(id, async () => {
      await this.#adopt(id);
      return this.#options.files.readHost(id);
    });
    const link = this.#links.get(id);
    const record = registry.require(id);
    // A host may live of which the record has never heard: its helper was killed before it could note the start.
    if (!isRunning(record) && !this.#unreachable.has(id)) return record;
    if (!link) throw doesNotEnd(record, host);
    const giveUp = new AbortController();
    const isEnd = (change: RegistryChange) => change.record.id === id && !isRunning(change.record);
    const ended = nextEvent(registry.onChange, isEnd, giveUp.signal);
    link.stop(graceMs);
    try {
      return (await withDeadline(ended, graceMs + stopMargin, () => doesNotEnd(record, host))).record;
    } finally {
      giveUp.abort();
    }
  }

  /** Brings the records' last activity up to date. */
  async sampleActivity(): Promise<void> {
    await Promise.all([...this.#links].map(([id, link]) => this.#sampleOne(id, link)));
  }

  /** Lets go of the hosts, which run on. */
  dispose(): void {
    for (const link of this.#links.values()) link.dispose();
    for (const { timer } of this.#unreachable.values()) clearTimeout(timer);
    this.#links.clear();
    this.#unreachable.clear();
  }

  async #sampleOne(id: string, link: HostClient): Promise<void> {
    try {
      const { lastOutputAt } = await link.status();
      await this.#options.registry.apply(id, ({ lastActivity }) =>
        lastOutputAt && lastOutputAt > lastActivity ? { lastActivity: lastOutputAt } : undefined,
      );
    } catch (error) {
      this.#options.log.debug('A host did not report its activity', { id, error });
    }
  }

  async #adopt(id: string): Promise<void> {
    if (this.#links.has(id)) return;
    const { files, registry, log } = this.#options;
    const file = await files.readHost(id);
    const record = registry.get(id);
    if (record && !file) return this.#adoptUnnamed(id);
    if (!file || !record || file.exit || (await liveness(file)) === 'gone') {
      if (file && record) await (file.exit ? this.#noteExit(id, file.exit) : this.#noteLost(id));
      this.#setReachable(id);
      return;
    }
    try {
      await this.#link(id, file.socket);
      await this.#note(id, 'started', { ptyPid: file.ptyPid });
      log.info('Adopted a session host', { id, host: file.pid });
    } catch (error) {
      // A host that lives but does not answer is left alone; only its own end is an end.
      log.warn('A session host does not answer', { id, host: file.pid, error });
      this.#setUnreachable(id);
    }
  }

  /** Where its file was deleted, a host that lives answers at the socket that is its session's. */
  async #adoptUnnamed(id: string): Promise<void> {
    const { files, log } = this.#options;
    try {
      const link = await this.#link(id, files.places(id).socket);
      const { ptyPid, pid } = await link.status();
      await this.#note(id, 'started', { ptyPid });
      log.info('Adopted a session host whose file is gone', { id, host: pid });
    } catch (error) {
      if (isNobodyListening(error)) {
        await this.#noteLost(id);
        this.#setReachable(id);
        return;
      }
      if (error instanceof HoldfastError && error.code === 'UNSAFE_FOLDER') throw error;
      this.#links.get(id)?.dispose();
      log.warn('Somebody listens at a session’s socket but does not answer', { id, error });
      this.#setUnreachable(id);
    }
  }

  #adoptEach(ids: readonly string[]): Promise<unknown> {
    return Promise.all(ids.map((id) => this.#operations.queue(id, () => this.#tryAdoption(id))));
  }

  /** A session whose files cannot be read says nothing about the others, nor about its own host. */
  async #tryAdoption(id: string): Promise<void> {
    await this.#adoptUntried(id).catch((error) =>
      this.#options.log.error('It cannot be told whether a session has a host', { id, error }),
    );
  }

  /** A host that did not answer a moment ago is tried again by its timer, and keeps nobody waiting until then. */
  async #adoptUntried(id: string): Promise<void> {
    const isTried = this.#unreachable.has(id);
    const file = isTried ? await this.#options.files.readHost(id) : undefined;
    if (!isTried || (file && (await liveness(file)) === 'gone')) await this.#adopt(id);
  }

  #setUnreachable(id: string): void {
    const known = this.#unreachable.get(id);
    clearTimeout(known?.timer);
    const pauses = known?.pauses ?? backoff(retryPauses);
    const timer = setTimeout(() => void this.#retryAdoption(id), pauses.next().value);
    this.#unreachable.set(id, { pauses, timer });
    if (!known) this.#onLinksChange.fire();
  }

  async #retryAdoption(id: string): Promise<void> {
    try {
      await this.#operations.queue(id, () => this.#adopt(id));
    } catch (error) {
      this.#options.log.warn('A session host that did not answer could not be tried again', { id, error });
      // Files that cannot be read for a moment do not make it one that nobody looks after.
      if (this.#unreachable.has(id)) this.#setUnreachable(id);
    }
  }

  /** It answers, or there is none. */
  #setReachable(id: string): void {
    clearTimeout(this.#unreachable.get(id)?.timer);
    if (this.#unreachable.delete(id)) this.#onLinksChange.fire();
  }

  async #start(launch: LaunchSpec): Promise<SessionRecord> {
    const id = launch.sessionId;
    const { files, registry, log } = this.#options;
    registry.require(id);
    await this.#adoptUntried(id);
    if (this.#links.has(id)) return registry.require(id);
    if (this.#unreachable.has(id)) throw mayStillRun(registry.require(id), await files.readHost(id));
    try {
      await files.saveLaunch(launch);
      return await this.#startHost(id);
    } finally {
      // A host that did not get as far as reading it has left it whole.
      await files
        .removeEnvironment(id)
        .catch((error) => log.warn('The environment may still be in the launch file', { id, error }));
    }
  }

  async #startHost(id: string): Promise<SessionRecord> {
    const { files, registry, key, hostScript, log } = this.#options;
    const program = { script: hostScript, args: [key, id], flags: hostFlags, env: hostEnv };
    const { report, pid } = await startBackground({
      ...program,
      logFile: files.places(id).log,
      deadline: startDeadline,
      errorCode: 'HOST_START_FAILED',
    });
    const { error, ptyPid } = (report ?? {}) as { error?: unknown; ptyPid?: number };
    if (error) return this.#startFailed(id, fromErrorShape(error));
    if (!ptyPid) {
      throw new HoldfastError('HOST_START_FAILED', 'The session host ended before its process ran.', {
        advice: `Its log is ${files.places(id).log}.`,
        data: { id, log: files.places(id).log },
      });
    }
    log.info('Started a session host', { id, host: pid, ptyPid });
    await pausePoint('helper-host-spawned');
    const host = await files.readHost(id);
    const record = await this.#note(id, 'started', { ptyPid, exit: undefined, endedAt: undefined });
    if (host?.exit) await this.#noteExit(id, host.exit);
    else if (host) await this.#link(id, host.socket).catch((cause) => this.#linkFailed(id, cause));
    return registry.get(id) ?? record;
  }

  /** A host that was started by a helper killed in the middle of it may be there, and is as good. */
  async #startFailed(id: string, error: HoldfastError): Promise<SessionRecord> {
    if (error.code === 'SESSION_RUNNING') await this.#adopt(id);
    if (this.#links.has(id)) return this.#options.registry.require(id);
    throw error;
  }

  async #linkFailed(id: string, error: unknown): Promise<void> {
    this.#options.log.warn('The new session host was gone before it could be reached', { id, error });
    await this.#adopt(id);
  }

  async #link(id: string, socket: string): Promise<HostClient> {
    const link = await HostClient.connect({
      socket,
      token: this.#options.token.current,
      client: { kind: 'helper', pid: process.pid },
    });
    this.#links.set(id, link);
    this.#setReachable(id);
    link.onExit((exit) => void this.#operations.queue(id, () => this.#noteExit(id, exit)));
    link.onClose(() => {
      if (this.#links.get(id) !== link) return;
      this.#links.delete(id);
      void this.#operations.queue(id, () => this.#afterClose(id));
      this.#onLinksChange.fire();
    });
    this.#onLinksChange.fire();
    return link;
  }

  /** The connection ended: the host has exited, was killed, or is alive and must be reached again. */
  async #afterClose(id: string): Promise<void> {
    const record = this.#options.registry.get(id);
    if (record && isRunning(record)) await this.#adopt(id);
  }

  async #noteExit(id: string, { code, signal, reason, endedAt }: HostExit): Promise<void> {
    const event = reason === 'stop' ? 'stopped' : code === 0 ? 'exitedWell' : 'exitedBadly';
    await this.#note(id, event, { ptyPid: undefined, endedAt, exit: { code, signal, reason } });
  }

  async #noteLost(id: string): Promise<void> {
    const endedAt = new Date().toISOString();
    await this.#note(id, 'lost', { ptyPid: undefined, endedAt, exit: { code: null, signal: null, reason: 'lost' } });
  }

  /** An event that says what the record says already, such as a second report of an end, changes nothing. */
  async #note(id: string, event: SessionEvent, changes: RecordChanges): Promise<SessionRecord> {
    return this.#options.registry.apply(id, (record) => {
      const isNews = event === 'started' ? record.ptyPid !== changes.ptyPid : isRunning(record);
      if (!isNews) return undefined;
      const from = event === 'started' && isRunning(record) ? 'idle' : record.status;
      return { ...changes, status: transition(from, event) };
    });
  }
}
