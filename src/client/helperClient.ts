import { randomUUID } from 'node:crypto';
import type { RequestType, RequestType0 } from 'vscode-jsonrpc';
import { HoldfastError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import type { Disposable } from '../base/lifecycle.ts';
import type { SupervisionSettings } from '../core/supervisionPolicy.ts';
import type { ChangesDelta, ChangesReport } from '../protocol/changes.ts';
import type { HealthReport, Leftover } from '../protocol/health.ts';
import {
  type HelperStatus,
  helperMethods,
  type KeptSession,
  type RegistryChange,
  type RegistryList,
  type SessionReport,
} from '../protocol/helperRpc.ts';
import type { LaunchSpec } from '../protocol/hostMessages.ts';
import type { RecordChanges, SessionRecord } from '../protocol/sessionRecord.ts';
import type { HelperConnection } from './helperConnection.ts';
import type { HelperLauncher } from './helperLauncher.ts';

/** How often a change is tried again on the newest record before the conflict is the user's to see. */
const maxRebases = 3;

/** How often a request is sent again whose helper ended before it answered. */
const maxResends = 3;

export interface HelperClientOptions {
  launcher: HelperLauncher;
  /** The replica handed over at each new connection, so that a new helper knows what this client knows. */
  replica: () => SessionRecord[];
  /** What the user has set; told at each new connection, and by {@link HelperClient.configure}. A shell has no settings. */
  settings?: () => SupervisionSettings;
}

/**
 * The helper as its clients see it: always there. A lost connection is made anew, with a new helper if need
 * be, and what was asked meanwhile is asked again under the same request id.
 */
export class HelperClient implements Disposable {
  readonly #options: HelperClientOptions;
  readonly #onList = new Emitter<RegistryList>();
  /** The whole registry: at each new connection, and after a gap in the changes. */
  readonly onList = this.#onList.event;
  readonly #onChange = new Emitter<SessionRecord>();
  readonly onChange = this.#onChange.event;
  readonly #onHeldBack = new Emitter<readonly string[]>();
  /** Ids of the replica's sessions that the helper has not taken in; at each new connection, before the list. */
  readonly onHeldBack = this.#onHeldBack.event;
  readonly #onNotice = new Emitter<string>();
  /** A sentence for the user about what the helper found damaged. */
  readonly onNotice = this.#onNotice.event;
  readonly #onAlert = new Emitter<string>();
  /** A sentence for the user about what keeps sessions from being started by themselves. */
  readonly onAlert = this.#onAlert.event;
  readonly #onHealth = new Emitter<HealthReport>();
  /** Something about the sessions’ health is to be told anew. */
  readonly onHealth = this.#onHealth.event;
  readonly #onChanges = new Emitter<ChangesDelta>();
  /** What was done in the sessions’ worktrees is to be told anew; only after {@link HelperClient.changes} was called. */
  readonly onChanges = this.#onChanges.event;
  readonly #onConnectionChange = new Emitter<boolean>();
  /** True when connected, false when the connection was lost. */
  readonly onConnectionChange = this.#onConnectionChange.event;
  #connection: HelperConnection | undefined;
  #opening: Promise<HelperConnection> | undefined;
  #sequence = 0;
  /** When the user came to this window, null where that was not yet; undefined for what is no window. */
  #usedAt: string | null | undefined;
  #speaks = true;
  #isDisposed = false;

  constructor(options: HelperClientOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen ?? false;
  }

  /** Whether this window is to tell the user what happens: of several only the one that was used last. */
  get speaks(): boolean {
    return this.#speaks;
  }

  /** The user has come to this window, or it is there and nobody has come yet. */
  noteUse(at: Date | undefined): void {
    this.#usedAt = at?.toISOString() ?? null;
    if (this.#connection) void this.#tellUse(this.#connection);
  }

  /** Connects, starting a helper if none runs. */
  async connect(): Promise<void> {
    await this.#connected(() => this.#options.launcher.connectOrStart());
  }

  /** Connects to a helper that runs; false where none does. */
  async join(): Promise<boolean> {
    if (this.#connection?.isOpen || (await this.#opening)) return true;
    const running = await this.#options.launcher.tryConnect();
    if (!running) return false;
    const connection = await this.#connected(async () => running);
    // Somebody else's connection was first, and one is enough.
    if (connection !== running) running.dispose();
    return true;
  }

  list(): Promise<RegistryList> {
    return this.#call0(helperMethods.list);
  }

  status(): Promise<HelperStatus> {
    return this.#call0(helperMethods.status);
  }

  /** @throws {HoldfastError} `MAX_SESSIONS`, `NAME_EXISTS`, `BRANCH_EXISTS` */
  create(record: SessionRecord, limit: number | null): Promise<SessionRecord> {
    return this.#call(helperMethods.create, { requestId: randomUUID(), record, limit });
  }

  /**
   * Changes a session's record, on the newest revision if it was changed elsewhere meanwhile.
   *
   * @throws {HoldfastError} `REVISION_CONFLICT` after three rebases, `SESSION_NOT_FOUND`, `NAME_EXISTS`
   */
  async update(record: SessionRecord, changes: (current: SessionRecord) => RecordChanges): Promise<SessionRecord> {
    return rebasing(record, (current) =>
      this.#call(helperMethods.update, {
        requestId: randomUUID(),
        id: current.id,
        baseRevision: current.revision,
        ...toWire(changes(current)),
      }),
    );
  }

  start(launch: LaunchSpec): Promise<SessionRecord> {
    return this.#call(helperMethods.start, { requestId: randomUUID(), launch });
  }

  stop(id: string, graceMs: number): Promise<SessionRecord> {
    return this.#call(helperMethods.stop, { requestId: randomUUID(), id, graceMs });
  }

  delete(record: SessionRecord): Promise<SessionRecord> {
    return rebasing(record, ({ id, revision }) =>
      this.#call(helperMethods.delete, { requestId: randomUUID(), id, baseRevision: revision }),
    );
  }

  /**
   * Brings sessions back that were destroyed or lost, and makes others as they were, in what the user decides.
   *
   * @throws {HoldfastError} `NAME_EXISTS`, `BRANCH_EXISTS`, `DISK_FULL`, `STORAGE_NOT_WRITABLE`; `PROTOCOL_MISMATCH`
   *   from an older helper
   */
  restore(records: SessionRecord[]): Promise<SessionRecord[]> {
    return this.#call(helperMethods.restore, { requestId: randomUUID(), records });
  }

  /** Starts a session that waits for its next automatic restart at once. @throws {HoldfastError} `SESSION_NOT_FOUND` */
  retryNow(id: string): Promise<SessionRecord> {
    return this.#call(helperMethods.retryNow, { requestId: randomUUID(), id });
  }

  /** Leaves such a session as failed. @throws {HoldfastError} `SESSION_NOT_FOUND` */
  giveUp(id: string): Promise<SessionRecord> {
    return this.#call(helperMethods.giveUp, { requestId: randomUUID(), id });
  }

  /**
   * Lets a session go on that is about to be ended since its time is over.
   *
   * @throws {HoldfastError} `SESSION_NOT_FOUND`; `SESSION_NOT_RUNNING`, also where another process runs in it than the
   *   one that was started at `startedAt`; `TIMEOUT` where its host does not answer
   */
  async keepRunning(id: string, startedAt?: string): Promise<KeptSession> {
    const life = startedAt === undefined ? {} : { startedAt };
    return (await this.#call(helperMethods.keepRunning, { id, ...life })) ?? {};
  }

  /** Tells what a session's process says of itself. @throws {HoldfastError} `SESSION_NOT_FOUND` */
  report(report: Omit<SessionReport, 'requestId'>): Promise<SessionRecord> {
    return this.#call(helperMethods.report, { requestId: randomUUID(), ...report });
  }

  /** Ends a process that a session left behind, or a host that has no session. @throws {HoldfastError} `SESSION_NOT_FOUND`, `TIMEOUT` */
  async endLeftover({ sessionId, pid }: Pick<Leftover, 'sessionId' | 'pid'>): Promise<void> {
    await this.#call(helperMethods.endLeftover, { requestId: randomUUID(), sessionId, pid });
  }

  /** Makes a session again of a host that has none. @throws {HoldfastError} `SESSION_NOT_FOUND`, `NAME_EXISTS`, `BRANCH_EXISTS` */
  adoptHost(id: string): Promise<SessionRecord> {
    return this.#call(helperMethods.adoptHost, { requestId: randomUUID(), id });
  }

  /** How all sessions are. @throws {HoldfastError} `PROTOCOL_MISMATCH` from an older helper */
  health(): Promise<HealthReport> {
    return this.#call0(helperMethods.health);
  }

  /**
   * What was done in the sessions’ worktrees; from then on {@link HelperClient.onChanges} tells what differs from it.
   *
   * @param patience how long to wait for what is being looked at just now; milliseconds
   * @throws {HoldfastError} `PROTOCOL_MISMATCH` from an older helper
   */
  changes(patience: number): Promise<ChangesReport> {
    return this.#call(helperMethods.changes, { patience });
  }

  /** Tells that something may have happened in these sessions’ worktrees, or without ids, that somebody looks. */
  async refreshChanges(ids?: readonly string[]): Promise<void> {
    // What nobody is there to hear is looked at anew by the next helper.
    const connection = this.#connection;
    await connection?.request(helperMethods.refreshChanges, ids ? { ids: [...ids] } : {}).catch(() => undefined);
  }

  /** Compares every session with every other one. @throws {HoldfastError} `PROTOCOL_MISMATCH` from an older helper */
  checkOverlaps(): Promise<ChangesReport> {
    return this.#call0(helperMethods.checkOverlaps);
  }

  /** Tells the helper what the user has set by now, if one is there. */
  async configure(): Promise<void> {
    if (this.#connection) await this.#configure(this.#connection);
  }

  /** Ends the helper that runs, if one does, and starts a new one, which adopts the sessions. */
  async restartHelper(): Promise<void> {
    await this.#options.launcher.end();
    // That this client's own connection has ended with it may not have been noticed yet.
    if (this.#connection) this.#drop(this.#connection);
    await this.connect();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#connection?.dispose();
  }

  #call<P, R>(method: RequestType<P, R, unknown>, params: P): Promise<R> {
    return this.#retry((connection) => connection.request(method, params));
  }

  #call0<R>(method: RequestType0<R, unknown>): Promise<R> {
    return this.#retry((connection) => connection.request0(method));
  }

  /** A request cut off by the helper's end is sent again, to the next helper. */
  async #retry<R>(send: (connection: HelperConnection) => Promise<R>): Promise<R> {
    for (let resend = 0; ; resend++) {
      let connection: HelperConnection | undefined;
      try {
        connection = await this.#connected(() => this.#options.launcher.connectOrStart());
        return await send(connection);
      } catch (error) {
        if (!isLost(error)) throw error;
        if (connection) this.#drop(connection);
        if (resend === maxResends || this.#isDisposed) throw error;
      }
    }
  }

  /** A connection may have failed a request without having noticed yet that it is closed. */
  #drop(connection: HelperConnection): void {
    if (this.#connection === connection) this.#connection = undefined;
    connection.dispose();
  }

  async #connected(open: () => Promise<HelperConnection>): Promise<HelperConnection> {
    this.#refuseDisposed();
    if (this.#connection?.isOpen) return this.#connection;
    // However many callers noticed the loss, one connection is opened for all of them.
    this.#opening ??= this.#open(open).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** A helper that ends before its first answer, as when it is being replaced, is followed by the next one. */
  async #open(open: () => Promise<HelperConnection>): Promise<HelperConnection> {
    try {
      return await this.#sync(await open());
    } catch (error) {
      if (this.#isDisposed || !isLost(error)) throw error;
      return this.#sync(await this.#options.launcher.connectOrStart());
    }
  }

  async #sync(connection: HelperConnection): Promise<HelperConnection> {
    try {
      this.#refuseDisposed();
      connection.onRegistryChange((change) => this.#changed(connection, change));
      connection.onHealth((report) => this.#onHealth.fire(report));
      connection.onChanges((delta) => this.#onChanges.fire(delta));
      connection.onSpeaks((speaks) => {
        this.#speaks = speaks;
      });
      connection.onNotice((notice) => this.#onAlert.fire(notice));
      const list = await connection.request(helperMethods.sync, { records: this.#options.replica() });
      this.#refuseDisposed();
      this.#connection = connection;
      this.#onHeldBack.fire(list.heldBack ?? []);
      this.#accept(list);
      for (const notice of list.notices ?? []) this.#onNotice.fire(notice);
      void this.#configure(connection);
      void this.#tellUse(connection);
    } catch (error) {
      connection.dispose();
      throw error;
    }
    connection.onClose(() => {
      if (!this.#isDisposed) this.#onConnectionChange.fire(false);
    });
    this.#onConnectionChange.fire(true);
    return connection;
  }

  /** An older helper knows no settings, and goes by its own. */
  async #configure(connection: HelperConnection): Promise<void> {
    const settings = this.#options.settings?.();
    if (settings) await connection.request(helperMethods.configure, { ...settings }).catch(() => undefined);
  }

  /** An older helper does not ask, and every window tells everything. */
  async #tellUse(connection: HelperConnection): Promise<void> {
    const at = this.#usedAt;
    if (at !== undefined) await connection.request(helperMethods.use, { at }).catch(() => undefined);
  }

  #refuseDisposed(): void {
    if (this.#isDisposed) throw new HoldfastError('CONNECTION_LOST', 'This window is closing.');
  }

  #accept(list: RegistryList): void {
    this.#sequence = list.sequence;
    this.#onList.fire(list);
  }

  #changed(connection: HelperConnection, { sequence, record }: RegistryChange): void {
    // Before a helper's list has arrived its numbers say nothing, and the list holds these changes.
    if (connection !== this.#connection || sequence <= this.#sequence) return;
    const isNext = sequence === this.#sequence + 1;
    this.#sequence = sequence;
    if (isNext) this.#onChange.fire(record);
    else void this.#listAgain(connection);
  }

  /** A connection that ends meanwhile, or does not answer, is followed by another one, which begins with a list. */
  async #listAgain(connection: HelperConnection): Promise<void> {
    try {
      const list = await connection.request0(helperMethods.list);
      if (connection === this.#connection) this.#accept(list);
    } catch {
      connection.dispose();
    }
  }
}

function isLost(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === 'CONNECTION_LOST';
}

/** JSON has no undefined, so the fields to remove are named. */
function toWire(changes: RecordChanges): { changes: RecordChanges; remove: string[] } {
  const remove = Object.entries(changes).filter(([, value]) => value === undefined);
  return { changes, remove: remove.map(([field]) => field) };
}

async function rebasing(
  record: SessionRecord,
  mutate: (current: SessionRecord) => Promise<SessionRecord>,
): Promise<SessionRecord> {
  let current = record;
  for (let rebase = 0; ; rebase++) {
    try {
      return await mutate(current);
    } catch (error) {
      const isConflict = error instanceof HoldfastError && error.code === 'REVISION_CONFLICT';
      if (!isConflict || rebase === maxRebases) throw error;
      current = error.data.current as SessionRecord;
    }
  }
}
