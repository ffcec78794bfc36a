import type { MessageConnection, RequestType, RequestType0 } from 'vscode-jsonrpc';
import { Deferred, withDeadline } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import type { Disposable } from '../base/lifecycle.ts';
import { fromResponseError, rpcOver } from '../node/rpcConnection.ts';
import { connect } from '../node/sockets.ts';
import type { ChangesDelta } from '../protocol/changes.ts';
import type { HealthReport } from '../protocol/health.ts';
import {
  type HelperHello,
  type HelperWelcome,
  helperEvents,
  helperMethods,
  type RegistryChange,
} from '../protocol/helperRpc.ts';
import { helperProtocol } from '../protocol/versions.ts';
import { Heartbeat } from './heartbeat.ts';

/** How long a helper may take to answer what it can answer at once; milliseconds. */
const defaultAnswerDeadline = 5_000;

/** How long it may take to do something, in milliseconds; stopping a session may take longer. */
export const requestDeadline = 60_000;

export interface ConnectOptions {
  socket: string;
  token: string;
  client: HelperHello['client'];
  /** How long a helper may take to answer what it can answer at once; milliseconds. */
  answerDeadline?: number | undefined;
}

/**
 * One connection to a helper. Every request settles, at the latest when the connection closes; it closes also where the
 * helper no longer answers anything.
 */
export class HelperConnection implements Disposable {
  readonly #rpc: MessageConnection;
  readonly #destroy: () => void;
  readonly #answerDeadline: number;
  readonly #onRegistryChange = new Emitter<RegistryChange>();
  readonly onRegistryChange = this.#onRegistryChange.event;
  readonly #onHealth = new Emitter<HealthReport>();
  readonly onHealth = this.#onHealth.event;
  readonly #onChanges = new Emitter<ChangesDelta>();
  readonly onChanges = this.#onChanges.event;
  readonly #onNotice = new Emitter<string>();
  readonly onNotice = this.#onNotice.event;
  readonly #onSpeaks = new Emitter<boolean>();
  readonly onSpeaks = this.#onSpeaks.event;
  readonly #onClose = new Emitter<void>();
  readonly onClose = this.#onClose.event;
  #welcome: HelperWelcome | undefined;
  readonly #closed = new Deferred<void>();

  /** @throws the system's error where nobody listens; {@link HoldfastError} where the helper refuses. */
  static async connect(options: ConnectOptions): Promise<HelperConnection> {
    const { socket: path, token, client, answerDeadline = defaultAnswerDeadline } = options;
    const socket = await connect(path);
    const connection = new HelperConnection(rpcOver(socket.setNoDelay()), () => socket.destroy(), answerDeadline);
    try {
      const hello = { protocol: helperProtocol, token, client };
      connection.#welcome = await connection.request(helperMethods.hello, hello, answerDeadline);
      connection.#watch();
      return connection;
    } catch (error) {
      connection.dispose();
      throw error;
    }
  }

  private constructor(rpc: MessageConnection, destroy: () => void, answerDeadline: number) {
    this.#rpc = rpc;
    this.#destroy = destroy;
    this.#answerDeadline = answerDeadline;
    rpc.onNotification(helperEvents.registryChanged, (change) => this.#onRegistryChange.fire(change));
    rpc.onNotification(helperEvents.healthChanged, (report) => this.#onHealth.fire(report));
    rpc.onNotification(helperEvents.changesChanged, (delta) => this.#onChanges.fire(delta));
    rpc.onNotification(helperEvents.speaks, (speaks) => this.#onSpeaks.fire(speaks));
    rpc.onNotification(helperEvents.noticed, (notice) => this.#onNotice.fire(notice));
    rpc.onClose(() => {
      this.#closed.resolve();
      this.#onClose.fire();
    });
    rpc.listen();
  }

  /** Of the helper. */
  get pid(): number {
    return this.#welcome?.pid ?? 0;
  }

  /** Of the helper's programs. */
  get version(): string {
    return this.#welcome?.version ?? '';
  }

  get isOpen(): boolean {
    return !this.#closed.isSettled;
  }

  /** @throws {HoldfastError} what the helper answers; `CONNECTION_LOST`; `TIMEOUT` after `deadline` milliseconds. */
  async request<P, R>(method: RequestType<P, R, unknown>, params: P, deadline = requestDeadline): Promise<R> {
    return this.#settle(method.method, deadline, () => this.#rpc.sendRequest(method.method, params) as Promise<R>);
  }

  async request0<R>(method: RequestType0<R, unknown>, deadline = requestDeadline): Promise<R> {
    return this.#settle(method.method, deadline, () => this.#rpc.sendRequest(method.method) as Promise<R>);
  }

  /**
   * Asks the helper to end; resolves once the connection is closed, which is its answer.
   *
   * @throws {HoldfastError} `TIMEOUT`
   */
  async shutdown(): Promise<void> {
    const deadline = this.#answerDeadline;
    await this.request0(helperMethods.shutdown, deadline).catch((error: HoldfastError) => {
      if (error.code !== 'CONNECTION_LOST') throw error;
    });
    await withDeadline(this.#closed.promise, deadline, () => timedOut('shutdown', deadline));
  }

  dispose(): void {
    this.#destroy();
  }

  /** Whoever waits for an answer learns of the end at once, and a helper that is only slow answers the next greeting. */
  #watch(): void {
    const heartbeat = new Heartbeat({
      ask: (deadline) => this.#answers(deadline),
      onSilence: () => this.dispose(),
      deadline: this.#answerDeadline,
    });
    void this.#closed.promise.then(() => heartbeat.dispose());
  }

  async #answers(deadline: number): Promise<boolean> {
    try {
      await this.request0(helperMethods.status, deadline);
      return true;
    } catch (error) {
      return (error as HoldfastError).code !== 'TIMEOUT';
    }
  }

  async #settle<R>(method: string, deadline: number, send: () => Promise<R>): Promise<R> {
    try {
      return await withDeadline(send(), deadline, () => timedOut(method, deadline));
    } catch (error) {
      throw fromResponseError(error);
    }
  }
}

function timedOut(method: string, deadline: number): HoldfastError {
  return new HoldfastError('TIMEOUT', `The Holdfast helper did not answer “${method}” in ${deadline / 1000} s.`, {
    advice: 'Sessions run on. “Holdfast: Restart Helper” may help.',
    data: { method, deadline },
  });
}
