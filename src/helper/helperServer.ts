import net from 'node:net';
import { Deferred } from '../base/async.ts';
import type { Log } from '../node/log.ts';
import type { RepositoryPlaces } from '../node/places.ts';
import { ServerSocket } from '../node/sockets.ts';
import type { ServerToken } from '../node/token.ts';
import type { HelperService } from './helperService.ts';
import type { HelperState } from './helperState.ts';
import { RpcSession } from './rpcSession.ts';
import type { RightState, ServingRight } from './servingRight.ts';

export interface HelperServerOptions {
  places: RepositoryPlaces;
  token: ServerToken;
  version: string;
  service: HelperService;
  state: HelperState;
  right: ServingRight;
  log: Log;
  /** How long the helper stays with neither sessions nor clients; milliseconds. */
  graceMs: number;
  /** How often to look whether the socket and the files are still there; milliseconds. */
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
    const { service, log, places, right, socketInterval } = options;
    const server = net.createServer((socket) => this.#accept(socket));
    this.#socket = new ServerSocket({
      server,
      path: places.helperSocket,
      log,
      interval: socketInterval,
      alsoCheck: () => this.#check(),
    });
    service.registry.onChange((change) => {
      for (const session of this.#sessions) session.send(change);
      // A session that waits for its next attempt needs the helper, and one that was given up no longer does.
      this.#watchGrace();
    });
    service.supervision.monitor.onChange((report) => {
      for (const session of this.#sessions) session.sendHealth(report);
    });
    service.supervision.changes.onChange((delta) => {
      for (const session of this.#sessions) session.sendChanges(delta);
    });
    service.supervision.recovery.onNotice((notice) => this.#tell(notice));
    service.supervisor.links.onChange(() => this.#watchGrace());
    // Its own clients are told by the end of their connection, and look for the other one.
    right.onLost(() => void this.close());
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

  /** Stops listening, lets go of the hosts, and only then of the lock. The next helper finds on disk what this one knows. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const { state, service, log } = this.#options;
    this.#socket.close();
    for (const session of this.#sessions) session.close();
    await this.#checkState();
    service.supervision.dispose();
    await service.registry.close();
    await state.release();
    log.info('Helper ended');
    this.#ended.resolve();
  }

  /** Two helpers never serve one repository for long: the one that has the lock goes on. */
  async #check(): Promise<void> {
    const state = await this.#checkState();
    if (state === 'lost') return;
    if (state === 'retaken') await this.#socket.reclaim();
    const { links } = this.#options.service.supervisor;
    await links.adoptAppeared().catch((error) => this.#options.log.warn('Hosts could not be looked for', { error }));
  }

  /** What cannot be told or written now is looked at again the next time. */
  async #checkState(): Promise<RightState | undefined> {
    try {
      return await this.#options.state.check();
    } catch (error) {
      this.#options.log.warn('The files of the helper cannot be looked after', { error });
      return undefined;
    }
  }

  /** Where no window is open, the next one is told. */
  #tell(notice: string): void {
    const speaker = speakerOf(this.#sessions);
    const told = [...(speaker ? [speaker] : this.#sessions)].map((session) => session.sendNotice(notice));
    if (!told.includes(true)) this.#options.service.keepNotice(notice);
  }

  #accept(socket: net.Socket): void {
    const { token, version, right, service } = this.#options;
    const onUse = () => this.#chooseSpeaker();
    const onClose = () => {
      this.#sessions.delete(session);
      this.#chooseSpeaker();
      this.#watchChanges();
      this.#watchGrace();
    };
    const onWatch = () => this.#watchChanges();
    const session = new RpcSession({ socket, token, version, right, service }, { onClose, onUse, onWatch });
    this.#sessions.add(session);
    this.#watchGrace();
  }

  /** The user is told once, and where they are or were last. */
  #chooseSpeaker(): void {
    const speaker = speakerOf(this.#sessions);
    for (const session of this.#sessions) if (session.usedAt !== undefined) session.setSpeaks(session === speaker);
  }

  /** Worktrees are looked at only for somebody. */
  #watchChanges(): void {
    const { changes } = this.#options.service.supervision;
    changes.setWatched([...this.#sessions].some(({ watchesChanges }) => watchesChanges));
  }

  #watchGrace(): void {
    clearTimeout(this.#timer);
    const isNeeded = this.#sessions.size > 0 || this.#options.service.isNeeded;
    if (!isNeeded) this.#timer = setTimeout(() => void this.close(), this.#options.graceMs);
  }
}

/** The window that was used last; undefined where none has told of its use. */
function speakerOf(sessions: Iterable<RpcSession>): RpcSession | undefined {
  const windows = [...sessions].filter(({ usedAt }) => usedAt !== undefined);
  return windows.reduce<RpcSession | undefined>(
    (last, one) => (last === undefined || (one.usedAt ?? '') > (last.usedAt ?? '') ? one : last),
    undefined,
  );
}
