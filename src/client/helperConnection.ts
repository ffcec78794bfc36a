import type { MessageConnection, RequestType, RequestType0 } from 'vscode-jsonrpc';
import { Deferred, withDeadline } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import type { Disposable } from '../base/lifecycle.ts';
import { fromResponseError, rpcOver } from '../node/rpcConnection.ts';
import { connect } from '../node/sockets.ts';
import type { HealthReport } from '../protocol/health.ts';
import {
  type HelperHello,
  type HelperWelcome,
  helperEvents,
  helperMethods,
  type RegistryChange,
} from '../protocol/helperRpc.ts';
import { helperProtocol } from '../protocol/versions.ts';

/** How long a helper may take to answer, in milliseconds; stopping a session may take longer. */
const helloDeadline = 5_000;
export const requestDeadline = 60_000;

export interface ConnectOptions {
  socket: string;
  token: string;
  client: HelperHello['client'];
}

/** One connection to a helper. Every request settles, at the latest when the connection closes. */
export class HelperConnection implements Disposable {
  readonly #rpc: MessageConnection;
  readonly #destroy: () => void;
  readonly #onRegistryChange = new Emitter<RegistryChange>();
  readonly onRegistryChange = this.#onRegistryChange.event;
  readonly #onHealth = new Emitter<HealthReport>();
  readonly onHealth = this.#onHealth.event;
  readonly #onNotice = new Emitter<string>();
  readonly onNotice = this.#onNotice.event;
  readonly #onClose = new Emitter<void>();
  readonly onClose = this.#onClose.event;
  #welcome: HelperWelcome | undefined;
  readonly #closed = new Deferred<void>();

  /** @throws the system's error where nobody listens; {@link HoldfastError} where the helper refuses. */
  static async connect({ socket: path, token, client }: ConnectOptions): Promise<HelperConnection> {
    const socket = await connect(path);
    const connection = new HelperConnection(rpcOver(socket.setNoDelay()), () => socket.destroy());
    try {
      const hello = { protocol: helperProtocol, token, client };
      connection.#welcome = await connection.request(helperMethods.hello, hello, helloDeadline);
      return connection;
    } catch (error) {
      connection.dispose();
      throw error;
    }
  }

  private constructor(rpc: MessageConnection, destroy: () => void) {
    this.#rpc = rpc;
    this.#destroy = destroy;
    rpc.onNotification(helperEvents.registryChanged, (change) => this.#onRegistryChange.fire(change));
    rpc.onNotification(helperEvents.healthChanged, (report) => this.#onHealth.fire(report));
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
    await this.request0(helperMethods.shutdown, helloDeadline).catch((error: HoldfastError) => {
      if (error.code !== 'CONNECTION_LOST') throw error;
    });
    await withDeadline(this.#closed.promise, helloDeadline, () => timedOut('shutdown', helloDeadline));
  }

  dispose(): void {
    this.#destroy();
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
    data: { method },
  });
}
