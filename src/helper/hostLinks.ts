import { KeyedSequencer } from '../base/async.ts';
import { backoff } from '../base/backoff.ts';
import { HoldfastError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import { HostClient } from '../client/hostClient.ts';
import type { TreeRoot } from '../core/processTree.ts';
import type { SessionEnd } from '../core/sessionEnd.ts';
import { isLive, isRecovering, isRunning } from '../core/sessionRecord.ts';
import { wasStartedUnseen } from '../core/setup.ts';
import type { Log } from '../node/log.ts';
import { liveness, processTable } from '../node/processIdentity.ts';
import { isNobodyListening } from '../node/sockets.ts';
import type { ServerToken } from '../node/token.ts';
import type { HostExit, HostFile, LaunchSpec } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { AppearedHosts } from './appearedHosts.ts';
import type { Registry } from './registry.ts';
import type { SampledSession } from './resourceSampler.ts';
import type { SessionFiles } from './sessionFiles.ts';
import type { SessionProgress } from './sessionProgress.ts';

/** How long until a host that lives but did not answer is tried again: one that is dying is soon gone. Milliseconds. */
const retryPauses = { initial: 50, max: 5_000 };

export interface HostLinksOptions {
  token: ServerToken;
  files: SessionFiles;
  registry: Registry;
  progress: SessionProgress;
  log: Log;
  /** Of this helper: hosts refuse those that came before it. */
  epoch?: number;
  /** Whether another helper has looked after the hosts until just now, so that what is gone is gone since then. */
  isSuccessor?: boolean;
}

/** The connections to the session hosts: finds those that live, notes the ends of those that do not, and takes both in. */
export class HostLinks {
  readonly #options: HostLinksOptions;
  readonly #links = new Map<string, HostClient>();
  /** Hosts that live but did not answer, each with its next attempt and the pauses between further ones. */
  readonly #unreachable = new Map<string, { timer: NodeJS.Timeout; pauses: Generator<number, never> }>();
  /** What sessions were started with, so that they can be started again so. */
  readonly #launches = new Map<string, LaunchSpec>();
  /** Ends that hosts have told of and that are not in the records yet: nothing else may tell of them any more. */
  readonly #exits = new Map<string, HostExit>();
  readonly #watched = new Set<string>();
  /** The sessions' own processes, as their hosts told of them. */
  readonly #roots = new Map<string, TreeRoot>();
  readonly #appeared: AppearedHosts;
  readonly #operations = new KeyedSequencer<string>();
  readonly #onChange = new Emitter<void>();
  /** A host was connected, lost, or found again. */
  readonly onChange = this.#onChange.event;

  constructor(options: HostLinksOptions) {
    this.#options = options;
    this.#appeared = new AppearedHosts(options.files);
    options.registry.onChange(({ record }) => {
      if (!isLive(record)) this.#forget(record.id);
    });
  }

  get(id: string): HostClient | undefined {
    return this.#links.get(id);
  }

  entries(): [id: string, link: HostClient][] {
    return [...this.#links];
  }

  /** Hosts this helper is connected to. */
  get count(): number {
    return this.#links.size;
  }

  /** Whether a host lives, or may, that cannot be reached. */
  isUnreachable(id: string): boolean {
    return this.#unreachable.has(id);
  }

  /** Whether any session's host is known to live, be it connected or not. */
  get hasHosts(): boolean {
    return this.#links.size + this.#unreachable.size > 0;
  }

  /** What the session was last started with, as far as it is known. */
  launchOf(id: string): LaunchSpec | undefined {
    return this.#launches.get(id);
  }

  /** The processes that the connected hosts run, by the ids of their sessions. */
  roots(): SampledSession[] {
    return [...this.#roots].flatMap(([id, root]) => (this.#links.has(id) ? [{ id, ...root }] : []));
  }

  /** A host tells of its process, which it may not have known when its file was written. */
  noteRoot(id: string, { ptyPid, ptyStartTime }: Pick<HostFile, 'ptyPid' | 'ptyStartTime'>): void {
    if (ptyStartTime !== undefined) this.#roots.set(id, { pid: ptyPid, startTime: ptyStartTime });
  }

  /** Of a session that this helper is about to start, and so looks after from its very beginning. */
  rememberLaunch(launch: LaunchSpec): void {
    this.#watched.add(launch.sessionId);
    this.#launches.set(launch.sessionId, launch);
  }

  /** Runs `task` while nothing else is done to the session, such as starting it. */
  inTurn<T>(id: string, task: () => Promise<T>): Promise<T> {
    return this.#operations.queue(id, task);
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

  /** To be called in turn, as {@link adoptUntried}. Connects to the session's host, or notes that there is none. */
  async adopt(id: string): Promise<void> {
    if (this.#links.has(id)) return;
    if (this.#exits.has(id)) return this.#noteExit(id);
    const { files, registry } = this.#options;
    const file = await files.readHost(id);
    const record = registry.get(id);
    if (record && !file) return this.#adoptUnnamed(id);
    if (!file || !record || file.exit || (await liveness(file)) === 'gone') {
      if (file && record) await this.#noteGone(record, file);
      this.#setReachable(id);
      return;
    }
    await this.#adoptLiving(id, file);
  }

  /** A host that did not answer a moment ago is tried again by its timer, and keeps nobody waiting until then. */
  async adoptUntried(id: string): Promise<void> {
    const isTried = this.#unreachable.has(id);
    const file = isTried ? await this.#options.files.readHost(id) : undefined;
    if (!isTried || (file && (await liveness(file)) === 'gone')) await this.adopt(id);
  }

  /** To be called in turn. @throws what {@link HostClient.connect} throws */
  async link(id: string, socket: string): Promise<void> {
    await this.#connect(id, socket);
    this.#setReachable(id);
  }

  /** Lets go of the hosts, which run on. */
  dispose(): void {
    for (const link of this.#links.values()) link.dispose();
    for (const { timer } of this.#unreachable.values()) clearTimeout(timer);
    this.#links.clear();
    this.#unreachable.clear();
  }

  /** What a destroyed session was started with may be secret, too. */
  #forget(id: string): void {
    this.#launches.delete(id);
    this.#exits.delete(id);
    this.#watched.delete(id);
    this.#roots.delete(id);
    this.#appeared.forget(id);
  }

  async #connect(id: string, socket: string): Promise<HostClient> {
    const { token, epoch } = this.#options;
    const client = { kind: 'helper' as const, pid: process.pid };
    const link = await HostClient.connect({
      socket,
      token: token.current,
      client,
      ...(epoch === undefined ? {} : { epoch }),
    });
    this.#links.set(id, link);
    this.#watched.add(id);
    link.onExit((exit) => {
      // Its process is gone, whenever the connection is: a start that comes in between must not take this one for alive.
      this.#unlink(id, link);
      this.#exits.set(id, exit);
      void this.#noteEnd(id, () => this.#noteExit(id));
    });
    link.onClose(() => {
      if (this.#unlink(id, link)) void this.#noteEnd(id, () => this.#afterClose(id));
    });
    this.#onChange.fire();
    return link;
  }

  async #adoptLiving(id: string, file: HostFile): Promise<void> {
    const { log } = this.#options;
    const { pid } = file;
    try {
      await this.#takeIn(id, await this.#connect(id, file.socket), file);
      log.info('Adopted a session host', { id, host: pid });
    } catch (error) {
      // A host that lives but does not answer is left alone; only its own end is an end.
      log.warn('A session host could not be taken in', { id, host: pid, error });
      this.#letGo(id);
    }
  }

  /** Where its file was deleted, a host that lives answers at the socket that is its session's. */
  async #adoptUnnamed(id: string): Promise<void> {
    const { files, progress, log } = this.#options;
    try {
      const link = await this.#connect(id, files.places(id).socket);
      const status = await link.status();
      await this.#takeIn(id, link, status);
      log.info('Adopted a session host whose file is gone', { id, host: status.pid });
    } catch (error) {
      if (isNobodyListening(error)) {
        await progress.lost(id, { kind: this.#isFresh(id) ? 'hostLost' : 'unwatched' });
        this.#setReachable(id);
        return;
      }
      if (error instanceof HoldfastError && error.code === 'UNSAFE_FOLDER') throw error;
      log.warn('Somebody listens at a session’s socket but could not be taken in', { id, error });
      this.#letGo(id);
    }
  }

  /** A host counts as reached once its session's record says that it runs, or nobody would see to that any more. */
  async #takeIn(id: string, link: HostClient, host: Pick<HostFile, 'ptyPid' | 'ptyStartTime'>): Promise<void> {
    this.noteRoot(id, host);
    await this.#options.progress.started(id, host.ptyPid);
    await this.#learnLaunch(id, link);
    this.#setReachable(id);
  }

  /** Closes the connection, if there is one, to a host that is tried again later. */
  #letGo(id: string): void {
    const link = this.#links.get(id);
    if (link && this.#unlink(id, link)) link.dispose();
    this.#setUnreachable(id);
  }

  /** Without it, a session that has to be started again gets the helper's own environment. */
  async #learnLaunch(id: string, link: HostClient): Promise<void> {
    if (this.#launches.has(id)) return;
    try {
      const launch = await link.launch();
      if (launch) this.#launches.set(id, launch);
    } catch (error) {
      this.#options.log.warn('A session host did not tell what it was started with', { id, error });
    }
  }

  async #noteGone(record: SessionRecord, file: HostFile): Promise<void> {
    const { progress } = this.#options;
    // A step of a setup that has succeeded is not to be run again.
    if (file.exit && wasStartedUnseen(record, file.startedAt)) {
      await progress.started(record.id, file.ptyPid);
      await progress.exited(record.id, file.exit);
      return;
    }
    // One that waits for its next attempt does so only in the life of the machine, and of the helpers, that it crashed in.
    if (file.exit && !isRecovering(record)) await progress.exited(record.id, file.exit);
    else await progress.lost(record.id, await this.#lossOf(file));
  }

  /** Of a host that is proven gone. */
  async #lossOf({ sessionId, bootId, leftAt }: HostFile): Promise<SessionEnd> {
    const boot = await processTable().bootId();
    if (bootId !== boot) return { kind: 'rebooted' };
    if (leftAt !== undefined) return { kind: 'dismissed' };
    return { kind: this.#isFresh(sessionId) ? 'hostLost' : 'unwatched' };
  }

  /** Whether a helper has looked after the session until just now. */
  #isFresh(id: string): boolean {
    return this.#options.isSuccessor === true || this.#watched.has(id);
  }

  #adoptEach(ids: readonly string[]): Promise<unknown> {
    return Promise.all(ids.map((id) => this.#operations.queue(id, () => this.#tryAdoption(id))));
  }

  /** A session whose files cannot be read says nothing about the others, nor about its own host. */
  async #tryAdoption(id: string): Promise<void> {
    try {
      await this.adoptUntried(id);
    } catch (error) {
      const { registry, log } = this.#options;
      log.error('It cannot be told whether a session has a host', { id, error });
      const record = registry.get(id);
      // Nobody else would look for the host of one that is said to run.
      if (record && isRunning(record) && !this.#unreachable.has(id)) this.#setUnreachable(id);
    }
  }

  #setUnreachable(id: string): void {
    const known = this.#unreachable.get(id);
    clearTimeout(known?.timer);
    const pauses = known?.pauses ?? backoff(retryPauses);
    const timer = setTimeout(() => void this.#retryAdoption(id), pauses.next().value);
    this.#unreachable.set(id, { pauses, timer });
    if (!known) this.#onChange.fire();
  }

  async #retryAdoption(id: string): Promise<void> {
    try {
      await this.#operations.queue(id, () => this.adopt(id));
    } catch (error) {
      this.#options.log.warn('A session host that did not answer could not be tried again', { id, error });
      // Files that cannot be read for a moment do not make it one that nobody looks after.
      if (this.#unreachable.has(id)) this.#setUnreachable(id);
    }
  }

  /** It answers, or there is none. */
  #setReachable(id: string): void {
    clearTimeout(this.#unreachable.get(id)?.timer);
    if (this.#unreachable.delete(id)) this.#onChange.fire();
  }

  /** Returns whether this was the session's connection. */
  #unlink(id: string, link: HostClient): boolean {
    if (this.#links.get(id) !== link) return false;
    this.#links.delete(id);
    this.#onChange.fire();
    return true;
  }

  /** An end that cannot be written down, as on a full disk, is looked for again, or its record would say that it runs. */
  async #noteEnd(id: string, note: () => Promise<unknown>): Promise<void> {
    try {
      await this.#operations.queue(id, note);
    } catch (error) {
      this.#options.log.warn('The end of a session could not be noted', { id, error });
      this.#setUnreachable(id);
    }
  }

  async #noteExit(id: string): Promise<void> {
    const exit = this.#exits.get(id);
    // Whoever had the turn before has noted it.
    if (!exit) return;
    if (this.#options.registry.get(id)) await this.#options.progress.exited(id, exit);
    this.#exits.delete(id);
    this.#setReachable(id);
  }

  /** The connection ended: the host has exited, was killed, or is alive and must be reached again. */
  async #afterClose(id: string): Promise<void> {
    const record = this.#options.registry.get(id);
    if (record && isRunning(record)) await this.adopt(id);
  }
}
