import net from 'node:net';
import { Deferred } from '../base/async.ts';
import type { Lock } from '../node/lockFile.ts';
import type { Log } from '../node/log.ts';
import type { RepositoryPlaces } from '../node/places.ts';
import { listen, removeSocket } from '../node/sockets.ts';
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
}

/** Listens for clients, tells them what changes, and ends the helper when nobody needs it. */
export class HelperServer {
  readonly #options: HelperServerOptions;
  readonly #sessions = new Set<RpcSession>();
  readonly #server: net.Server;
  readonly #ended = new Deferred<void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HelperServerOptions) {
    this.#options = options;
    const { service, log } = options;
    this.#server = net.createServer((socket) => this.#accept(socket));
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
    await listen(this.#server, this.#options.places.helperSocket);
    this.#watchGrace();
  }

  /** Stops listening, lets go of the hosts, and only then of the lock. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const { places, lock, service, log } = this.#options;
    this.#server.close();
    for (const session of this.#sessions) session.close();
    service.supervisor.dispose();
    await service.registry.close();
    await removeSocket(places.helperSocket);
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
