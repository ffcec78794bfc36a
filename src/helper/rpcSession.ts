import type net from 'node:net';
import * as v from 'valibot';
import type { MessageConnection, NotificationType, RequestType, RequestType0 } from 'vscode-jsonrpc';
import { Sequencer } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { rpcOver, toResponseError } from '../node/rpcConnection.ts';
import type { ServerToken } from '../node/token.ts';
import type { ChangesDelta, ChangesReport } from '../protocol/changes.ts';
import type { HealthReport } from '../protocol/health.ts';
import {
  type ChangesRequest,
  changesSchema,
  configureSchema,
  createSchema,
  deleteSchema,
  type HelperWelcome,
  helperEvents,
  helperHelloSchema,
  helperMethods,
  keepRunningSchema,
  leftoverSchema,
  type RegistryChange,
  refreshSchema,
  reportSchema,
  restoreSchema,
  type SyncedRegistry,
  sessionIdSchema,
  sessionRequestSchema,
  startSchema,
  stopSessionSchema,
  syncSchema,
  updateSchema,
  windowUseSchema,
} from '../protocol/helperRpc.ts';
import { helperProtocol, negotiate } from '../protocol/versions.ts';
import type { HelperService } from './helperService.ts';
import type { ServingRight } from './servingRight.ts';

/** How long a new connection may take to say who it is; milliseconds. */
const helloDeadline = 5_000;

/** Bytes waiting for a client that does not read; it lists again when it comes back. */
const maxQueued = 8 * 1024 * 1024;

export interface RpcSessionOptions {
  socket: net.Socket;
  token: ServerToken;
  version: string;
  right: Pick<ServingRight, 'epoch' | 'require'>;
  service: HelperService;
}

export interface RpcSessionEvents {
  onClose: () => void;
  /** The user has come to it. */
  onUse: () => void;
  /** It wants to know what is done in the worktrees. */
  onWatch: () => void;
}

/** One client of the helper: checks who it is, narrows what it sends, and answers. */
export class RpcSession {
  readonly #options: RpcSessionOptions;
  readonly #connection: MessageConnection;
  readonly #timer: NodeJS.Timeout;
  /** Each look at the right takes its time, and requests are to be carried out as they came. */
  readonly #inOrder = new Sequencer();
  #greeted = false;
  #mayShowToken = true;
  /** Whether what the user should know can be told there. */
  #canTell = false;
  #usedAt: string | undefined;
  #speaks: boolean | undefined;
  #watchesChanges = false;

  constructor(options: RpcSessionOptions, { onClose, onUse, onWatch }: RpcSessionEvents) {
    this.#options = options;
    this.#connection = rpcOver(options.socket);
    this.#timer = setTimeout(() => options.socket.destroy(), helloDeadline);
    this.#register(onUse);
    this.#registerChanges(onWatch);
    this.#connection.onClose(() => {
      clearTimeout(this.#timer);
      onClose();
    });
    this.#connection.listen();
  }

  send(change: RegistryChange): void {
    this.#notify(helperEvents.registryChanged, change);
  }

  /** Windows alone show it as it changes. */
  sendHealth(report: HealthReport): void {
    if (this.#canTell) this.#notify(helperEvents.healthChanged, report);
  }

  /** Only to those who have asked. */
  sendChanges(delta: ChangesDelta): void {
    if (this.#watchesChanges) this.#notify(helperEvents.changesChanged, delta);
  }

  get watchesChanges(): boolean {
    return this.#watchesChanges;
  }

  /** Returns whether somebody is there to be told. */
  sendNotice(notice: string): boolean {
    if (this.#canTell) this.#notify(helperEvents.noticed, notice);
    return this.#canTell;
  }

  /** When the user came to this window, empty where that was not yet; undefined for what tells the user nothing. */
  get usedAt(): string | undefined {
    return this.#usedAt;
  }

  /** Whether it is the window that tells the user what happens. */
  setSpeaks(speaks: boolean): void {
    if (this.#speaks === speaks) return;
    this.#speaks = speaks;
    this.#notify(helperEvents.speaks, speaks);
  }

  close(): void {
    this.#options.socket.destroy();
  }

  #notify<P>(event: NotificationType<P>, params: P): void {
    if (!this.#greeted) return;
    if (this.#options.socket.writableLength > maxQueued) {
      this.close();
      return;
    }
    // A connection that breaks reports its own end; what was on the way is listed again.
    this.#connection.sendNotification(event.method, params).catch(() => undefined);
  }

  #register(onUse: () => void): void {
    const { service } = this.#options;
    this.#connection.onRequest(helperMethods.hello.method, (params: unknown) =>
      this.#answer(() => this.#hello(params)),
    );
    this.#on(helperMethods.sync, syncSchema, ({ records }) => this.#sync(records));
    this.#on(helperMethods.create, createSchema, ({ requestId, record, limit }) =>
      service.once(requestId, () => service.registry.create(record, limit)),
    );
    this.#on(helperMethods.update, updateSchema, ({ requestId, id, baseRevision, changes, remove = [] }) =>
      service.once(requestId, () => service.registry.update(id, baseRevision, withRemoved(changes, remove), requestId)),
    );
    this.#on(helperMethods.start, startSchema, ({ requestId, launch }) =>
      service.once(requestId, () => service.start(launch)),
    );
    this.#on(helperMethods.stop, stopSessionSchema, ({ requestId, id, graceMs }) =>
      service.once(requestId, () => service.supervisor.stop(id, graceMs)),
    );
    this.#on(helperMethods.delete, deleteSchema, ({ requestId, id, baseRevision }) =>
      service.once(requestId, () => service.delete(id, baseRevision)),
    );
    this.#on(helperMethods.restore, restoreSchema, ({ requestId, records }) =>
      service.once(requestId, () => service.restore(records)),
    );
    this.#on(helperMethods.retryNow, sessionRequestSchema, ({ requestId, id }) =>
      service.once(requestId, () => service.supervision.recovery.retryNow(id)),
    );
    this.#on(helperMethods.giveUp, sessionRequestSchema, ({ requestId, id }) =>
      service.once(requestId, () => service.supervision.recovery.giveUp(id)),
    );
    this.#on(helperMethods.endLeftover, leftoverSchema, ({ requestId, sessionId, pid }) =>
      service.once(requestId, () => service.endLeftover(sessionId, pid)),
    );
    this.#on(helperMethods.adoptHost, sessionRequestSchema, ({ requestId, id }) =>
      service.once(requestId, () => service.supervision.leftovers.adopt(id)),
    );
    this.#on(helperMethods.keepRunning, keepRunningSchema, ({ id, startedAt }) =>
      service.supervision.monitor.keepRunning(id, startedAt),
    );
    this.#on(helperMethods.report, reportSchema, ({ requestId, id, ...report }) =>
      service.once(requestId, () => service.report(id, report)),
    );
    this.#on(helperMethods.history, sessionIdSchema, async ({ id }) => service.history(id));
    this.#on(helperMethods.configure, configureSchema, (settings) => service.configure(settings));
    this.#on(helperMethods.use, windowUseSchema, async ({ at }) => {
      this.#usedAt = at ?? '';
      onUse();
      return null;
    });
    this.#on0(helperMethods.health, () => service.supervision.health());
    this.#on0(helperMethods.list, async () => service.registry.list());
    this.#on0(helperMethods.status, async () => service.status());
    this.#on0(helperMethods.shutdown, async () => service.requestShutdown());
  }

  #registerChanges(onWatch: () => void): void {
    const { service } = this.#options;
    this.#on(helperMethods.changes, changesSchema, (request) => this.#changes(request, onWatch));
    this.#on(helperMethods.refreshChanges, refreshSchema, async ({ ids }) => {
      service.supervision.changes.refresh(ids);
      return null;
    });
    this.#on0(helperMethods.checkOverlaps, () => service.supervision.changes.checkOverlaps());
  }

  /** What changes from the report on is told, and nothing is told twice or left out between. */
  async #changes({ patience }: ChangesRequest, onWatch: () => void): Promise<ChangesReport> {
    const { changes } = this.#options.service.supervision;
    this.#watchesChanges = true;
    onWatch();
    changes.refresh();
    if (patience > 0) await changes.known(patience);
    return changes.report();
  }

  #on<P, R, S extends v.GenericSchema>(
    method: RequestType<P, R, unknown>,
    schema: S,
    handle: (params: v.InferOutput<S>) => Promise<R>,
  ): void {
    this.#connection.onRequest(method.method, (params: unknown) =>
      this.#answer(async () => {
        this.#requireHello();
        const narrowed = v.parse(schema, params);
        // What was sent before this helper was stopped and superseded was sent again to the next one.
        await this.#inOrder.queue(() => this.#options.right.require());
        return handle(narrowed);
      }),
    );
  }

  #on0<R>(method: RequestType0<R, unknown>, handle: () => Promise<R>): void {
    this.#connection.onRequest(method.method, () =>
      this.#answer(() => {
        this.#requireHello();
        return handle();
      }),
    );
  }

  async #answer(handle: () => Promise<unknown>): Promise<unknown> {
    try {
      return await handle();
    } catch (error) {
      if (!this.#greeted) setImmediate(() => void this.#hangUp());
      throw toResponseError(v.isValiError(error) ? invalid(error) : error);
    }
  }

  /** The sending of an answer cannot be awaited, but that of a message behind it, which any client may ignore. */
  async #hangUp(): Promise<void> {
    await this.#connection.sendNotification('$/hangUp').catch(() => undefined);
    this.#options.socket.destroySoon();
  }

  async #hello(params: unknown): Promise<HelperWelcome> {
    const { token, protocol, client } = v.parse(helperHelloSchema, params);
    this.#requireToken(token);
    const { right, version } = this.#options;
    await right.require();
    const agreed = negotiate(helperProtocol, protocol);
    if (agreed === undefined) {
      throw new HoldfastError('PROTOCOL_MISMATCH', 'The helper that runs is of another version.', {
        advice: 'Run “Holdfast: Restart Helper”; sessions run on.',
        data: { ours: helperProtocol, theirs: protocol },
      });
    }
    clearTimeout(this.#timer);
    this.#greeted = true;
    this.#canTell = client.kind !== 'cli';
    return { protocol: agreed, pid: process.pid, version, epoch: right.epoch };
  }

  /** A client that had the wrong one gets no second try. */
  #requireToken(token: string): void {
    if (!this.#mayShowToken) throw new HoldfastError('UNAUTHORIZED', 'Another token was wrong already.');
    this.#mayShowToken = false;
    this.#options.token.require(token);
    this.#mayShowToken = true;
  }

  async #sync(records: unknown[]): Promise<SyncedRegistry> {
    const { service } = this.#options;
    const list = await service.sync(records);
    const notices = this.#canTell ? service.takeNotices() : [];
    return notices.length > 0 ? { ...list, notices } : list;
  }

  #requireHello(): void {
    if (!this.#greeted) throw new HoldfastError('UNAUTHORIZED', 'Say hello first.');
  }
}

function withRemoved(changes: Record<string, unknown>, remove: string[]): Record<string, unknown> {
  return { ...changes, ...Object.fromEntries(remove.map((field) => [field, undefined])) };
}

function invalid(error: { message: string; issues: readonly v.BaseIssue<unknown>[] }): HoldfastError {
  const [issue] = error.issues;
  const where = issue ? v.getDotPath(issue) : undefined;
  return new HoldfastError('INVALID_ARGUMENT', `${where ? `${where}: ` : ''}${error.message}`, { cause: error });
}
