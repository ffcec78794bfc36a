import * as v from 'valibot';
import { withDeadline } from '../base/async.ts';
import { describeError, HoldfastError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import { isGoingOn, isRecovering, isRunning } from '../core/sessionRecord.ts';
import { afterReport } from '../core/sessionReport.ts';
import { supervisionSettingsSchema } from '../core/supervisionPolicy.ts';
import type { Log } from '../node/log.ts';
import type { UseSample } from '../protocol/health.ts';
import type { HelperStatus, SessionReport, SyncedRegistry } from '../protocol/helperRpc.ts';
import type { LaunchSpec } from '../protocol/hostMessages.ts';
import { type SessionRecord, sessionRecordSchema } from '../protocol/sessionRecord.ts';
import { machineStartsNone, mayStillRun } from './hostErrors.ts';
import type { HostSupervisor } from './hostSupervisor.ts';
import type { Registry } from './registry.ts';
import type { SessionFiles } from './sessionFiles.ts';
import type { Supervision } from './supervision.ts';

/** How long clients wait for hosts to be taken in; what takes longer goes on without them. Milliseconds. */
const reconcilePatience = 500;

/** Answers kept for requests that may be sent again. */
const maxAnswers = 256;

export interface HelperServiceOptions {
  registry: Registry;
  supervision: Supervision;
  files: SessionFiles;
  log: Log;
  version: string;
  clients: () => number;
}

/** What the helper does for its clients, apart from the wire. */
export class HelperService {
  readonly registry: Registry;
  readonly supervision: Supervision;
  readonly supervisor: HostSupervisor;
  readonly #options: HelperServiceOptions;
  readonly #answers = new Map<string, Promise<unknown>>();
  readonly #startedAt = new Date().toISOString();
  readonly #onShutdownRequest = new Emitter<void>();
  readonly onShutdownRequest = this.#onShutdownRequest.event;

  constructor(options: HelperServiceOptions) {
    this.#options = options;
    this.registry = options.registry;
    this.supervision = options.supervision;
    this.supervisor = options.supervision.supervisor;
  }

  /** Runs a mutation once for each request id; a retry gets the first one's answer. */
  once<T>(requestId: string, mutate: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(requestId);
    if (known) return known as Promise<T>;
    const answer = mutate();
    this.#answers.set(requestId, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > maxAnswers && oldest !== undefined) this.#answers.delete(oldest);
    return answer;
  }

  /** Merges a window's replica; records it brought back may have a host that still runs. */
  async sync(replica: unknown[]): Promise<SyncedRegistry> {
    const records = replica.map((record) => v.safeParse(sessionRecordSchema, record));
    const valid = records.filter((record) => record.success).map((record) => record.output);
    const damaged = records.length - valid.length;
    if (damaged > 0) this.#options.log.warn('A replica held damaged records', { damaged });
    const { heldBack } = await this.registry.merge(valid);
    if (heldBack.length > 0) this.#options.log.warn('Sessions would share the work of others', { heldBack });
    await this.reconcile();
    return { ...this.registry.list(), ...(heldBack.length > 0 ? { heldBack } : {}) };
  }

  async report(id: string, report: Pick<SessionReport, 'state' | 'message'>): Promise<SessionRecord> {
    const { monitor } = this.supervision;
    await monitor.isHeard(id);
    return this.registry.apply(id, (record) => {
      const changes = { ...monitor.activityOf(record), ...afterReport(record, report, new Date()) };
      return Object.keys(changes).length > 0 ? changes : undefined;
    });
  }

  async endLeftover(sessionId: string, pid: number): Promise<null> {
    await this.supervision.leftovers.end(sessionId, pid);
    return null;
  }

  history(id: string): UseSample[] {
    return this.supervision.resources.history(this.registry.require(id).id);
  }

  /** @throws {v.ValiError} for settings that make no sense; those of before hold on. */
  async configure(settings: unknown): Promise<null> {
    await this.supervision.configure(v.parse(supervisionSettingsSchema, settings));
    return null;
  }

  keepNotice(notice: string): void {
    this.#options.files.notices.push(notice);
  }

  /** What the user is to know about damaged records; each is returned once. */
  takeNotices(): string[] {
    return this.#options.files.notices.splice(0);
  }

  /** Whether any session has a host, or is to get one by itself. */
  get isNeeded(): boolean {
    return this.supervisor.links.hasHosts || this.registry.list().records.some(isRecovering);
  }

  async start(launch: LaunchSpec): Promise<SessionRecord> {
    const record = this.registry.require(launch.sessionId);
    if (!(await this.supervisor.canStart())) throw this.#handOver();
    try {
      return await this.supervisor.start(launch);
    } catch (error) {
      this.#options.log.error('A session could not be started', { id: record.id, error });
      const why = this.supervision.recovery.noteFailure(error);
      throw why === undefined ? error : machineStartsNone(record, why, error);
    }
  }

  /** Without its folder this helper can start no host. The client asks the next helper, which has a new one. */
  #handOver(): HoldfastError {
    this.#options.log.error('The folder this helper was started from is gone, so the next helper takes over');
    this.#onShutdownRequest.fire();
    return new HoldfastError('CONNECTION_LOST', 'The Holdfast helper is ending.');
  }

  /** @throws {HoldfastError} `SESSION_RUNNING`, `SESSION_NOT_FOUND`, `REVISION_CONFLICT` */
  delete(id: string, baseRevision: number): Promise<SessionRecord> {
    const { links } = this.supervisor;
    return links.inTurn(id, async () => {
      const record = this.registry.get(id);
      if (record && (isGoingOn(record) || links.get(id))) throw stillRuns(record);
      // What its record says is not what its host would.
      if (record && links.isUnreachable(id)) throw mayStillRun(record, await this.#options.files.readHost(id));
      const tombstone = await this.registry.remove(id, baseRevision);
      // What stays is the cleaner's to remove; the session is destroyed all the same.
      await this.#options.files.forget(id).catch((error) => this.#options.log.warn('A file stays', { id, error }));
      return tombstone;
    });
  }

  /**
   * Brings sessions back, and takes in hosts of theirs that still run.
   *
   * @throws {HoldfastError} `NAME_EXISTS`, `BRANCH_EXISTS`, `DISK_FULL`, `STORAGE_NOT_WRITABLE`
   */
  async restore(records: readonly SessionRecord[]): Promise<SessionRecord[]> {
    const gone = records.map(({ id }) => id).filter((id) => !this.registry.get(id));
    // What is being destroyed or cleaned away is so first.
    const restored = await this.#inTurns(gone.sort(), () => this.registry.restore(records));
    await this.reconcile();
    return restored.map((record) => this.registry.get(record.id) ?? record);
  }

  /** In the order of their ids, so that two callers never wait for each other. */
  #inTurns<T>(sortedIds: readonly string[], task: () => Promise<T>): Promise<T> {
    const [id, ...rest] = sortedIds;
    return id === undefined ? task() : this.supervisor.links.inTurn(id, () => this.#inTurns(rest, task));
  }

  status(): HelperStatus {
    return {
      pid: process.pid,
      version: this.#options.version,
      startedAt: this.#startedAt,
      clients: this.#options.clients(),
      hosts: this.supervisor.links.count,
    };
  }

  requestShutdown(): null {
    // The answer must leave before the connection does.
    setImmediate(() => this.#onShutdownRequest.fire());
    return null;
  }

  /**
   * A record that says it runs while no host does, or the other way round, is put right. A host that does not
   * answer holds nobody up: what is found later is told as a change.
   */
  async reconcile(): Promise<void> {
    const late = () => new Error('some session hosts do not answer');
    await withDeadline(this.#reconcileAll(), reconcilePatience, late).catch((error) =>
      this.#options.log.warn('Not all sessions could be reconciled', { error: describeError(error) }),
    );
  }

  async #reconcileAll(): Promise<void> {
    const { links } = this.supervisor;
    await links.adoptAll();
    const running = this.registry.list().records.filter((record) => isRunning(record) && !record.deletedAt);
    await Promise.all(running.map(({ id }) => links.noteMissingHost(id)));
  }
}

function stillRuns({ id, name }: SessionRecord): HoldfastError {
  return new HoldfastError('SESSION_RUNNING', `“${name}” still runs.`, { advice: 'Stop it first.', data: { id } });
}
