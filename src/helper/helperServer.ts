import net from 'node:net';
import { Deferred } from '../base/async.ts';
import type { Lock } from '../node/lockFile.ts';
import type { Log } from '../node/log.ts';
import type { RepositoryPlaces } from '../node/places.ts';
import { ServerSocket } from '../node/sockets.ts';
import type { HelperService } from './helperService.ts';
import { RpcSession } from './rpcSession.ts';

export interface HelperServerOptions {
  places: RepositoryPlaces;
  token: string;
  version: string;
  service: HelperService;
  lock: Lock;
  log: Log;
  /** How long the helper stays with neither sessions nor clients; milliseconds. */
  graceMs: number;
  /** How often to look whether the socket is still there; milliseconds. */
  socketInterval?: number | undefined;
}

/** Listens for clients, tells them what changes, and ends the helper when nobody needs it. */
export class HelperServer {
  readonly #options: HelperServerOptions;
  readonly #sessions = new Set<RpcSession>();
  readonly #socket: ServerSocket;
  readonly #ended = new Deferred<void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HelperServerOptions) {
    this.#options = options;
    const { service, log, places, socketInterval } = options;
    const server = net.createServer((socket) => this.#accept(socket));
    this.#socket = new ServerSocket({ server, path: places.helperSocket, log, interval: socketInterval });
    service.registry.onChange((change) => {
      for (const session of this.#sessions) session.send(change);
    });
    service.supervisor.onLinksChange(() => this.#watchGrace());
    service.onShutdownRequest(() => {
      log.info('Shutdown requested');
      void this.close();
    });
  }

  get clients(): number {
    return this.#sessions.size;
  }

  /** Resolves once the helper has let go of everything. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  async open(): Promise<void> {
    await this.#socket.open();
    this.#watchGrace();
  }

  /** Stops listening, lets go of the hosts, and only then of the lock. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const { lock, service, log } = this.#options;
    this.#socket.close();
    for (const session of this.#sessions) session.close();
    service.supervisor.dispose();
    await service.registry.close();
    await lock.release();
    log.info('Helper ended');
    this.#ended.resolve();
  }

  #accept(socket: net.Socket): void {
    const { token, version, service } = this.#options;
    const session = new RpcSession({ socket, token, version, service }, () => {
      this.#sessions.delete(session);
      this.#watchGrace();
    });
    this.#sessions.add(session);
    this.#watchGrace();
  }

  #watchGrace(): void {
    clearTimeout(this.#timer);
    const isNeeded = this.#sessions.size > 0 || this.#options.service.supervisor.hasHosts;
    if (!isNeeded) this.#timer = setTimeout(() => void this.close(), this.#options.graceMs);
  }
}
