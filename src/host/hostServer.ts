import net from 'node:net';
import * as v from 'valibot';
import { withDeadline } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { readJson, writeJson } from '../node/durableFile.ts';
import { FrameSocket } from '../node/frameSocket.ts';
import { type Lock, tryLock } from '../node/lockFile.ts';
import type { Log } from '../node/log.ts';
import { type Machine, repositoryPlaces, type SessionPlaces, sessionPlaces } from '../node/places.ts';
import { identify, type ProcessIdentity } from '../node/processIdentity.ts';
import { listen, prepareSocketFolder, removeSocket } from '../node/sockets.ts';
import { readToken } from '../node/token.ts';
import {
  type HostExit,
  type HostFile,
  type LaunchSpec,
  launchSpecSchema,
  type SavedScreen,
  savedScreenSchema,
} from '../protocol/hostMessages.ts';
import { hostProtocol } from '../protocol/versions.ts';
import { type ConnectionContext, HostConnection } from './hostConnection.ts';
import { type Pty, spawnPty } from './pty.ts';
import { Screen } from './screen.ts';
import { SessionHost } from './sessionHost.ts';
import { Transcript } from './transcript.ts';

/** How long clients may take to receive the end of a session; milliseconds. */
const farewellDeadline = 2_000;

/** How long a session's process may take to end once its host is told to go; milliseconds. */
const leaveGrace = 3_000;

export interface HostServerOptions {
  machine: Machine;
  key: string;
  sessionId: string;
  log: Log;
}

/** What a host needs before its process may run. */
interface Preparation {
  places: SessionPlaces;
  token: string;
  launch: LaunchSpec;
  screen: Screen;
  identity: ProcessIdentity;
  lock: Lock;
}

/** A running session host: its socket, its files, its clients. */
export class HostServer {
  readonly #options: HostServerOptions;
  readonly #places: SessionPlaces;
  readonly #lock: Lock;
  readonly #server: net.Server;
  readonly #context: ConnectionContext;
  readonly #transcript: Transcript;
  readonly #file: HostFile;
  readonly #opened: Promise<void>;
  /** The host was told to go by the system, as at a shutdown: nobody asked for the end of its session. */
  #isLeaving = false;

  /**
   * Starts the session's process and listens for clients.
   *
   * @throws {HoldfastError} `HOST_START_FAILED` when the launch file is missing or the process cannot start;
   * `SESSION_RUNNING` when the session has a living host.
   */
  static async start(options: HostServerOptions): Promise<HostServer> {
    const preparation = await prepare(options);
    // From here to the listeners nothing else may be waited for: a process that ends at once would end unseen.
    const pty = await spawnPty(preparation.launch);
    const server = new HostServer(options, preparation, pty);
    await server.#opened;
    return server;
  }

  private constructor(options: HostServerOptions, preparation: Preparation, pty: Pty) {
    const { places, token, launch, screen, identity, lock } = preparation;
    const { sessionId, log } = options;
    this.#options = options;
    this.#places = places;
    this.#lock = lock;
    this.#transcript = new Transcript({ file: places.transcript, cols: launch.cols, rows: launch.rows, log });
    const host = new SessionHost({ sessionId, pty, screen, transcript: this.#transcript });
    const { ptyPid, startedAt } = host.status(0);
    const { socket } = places;
    this.#file = { ...identity, sessionId, protocol: hostProtocol.max, ptyPid, socket, startedAt, exit: null };
    this.#context = { token, sessionId, host, connections: new Set(), sizeOwner: undefined };
    this.#server = net.createServer((connection) => this.#accept(connection));
    host.onExit((exit) => void this.#finish(exit));
    this.#opened = this.#open();
  }

  get ptyPid(): number {
    return this.#file.ptyPid;
  }

  /** Hangs up. The session's end is then nobody's wish and no failure of its own: it counts as lost. */
  leave(): void {
    this.#isLeaving = true;
    this.#context.host.stop(leaveGrace);
  }

  #accept(connection: net.Socket): void {
    this.#context.connections.add(new HostConnection(new FrameSocket(connection.setNoDelay()), this.#context));
  }

  async #open(): Promise<void> {
    await listen(this.#server, this.#places.socket);
    await writeJson(this.#places.host, this.#file);
  }

  /** What happened is on disk before anyone is told, so that it is known even if nobody listens. */
  async #finish(exit: HostExit): Promise<void> {
    this.#options.log.info('The process ended', { ...exit });
    await this.#opened.catch(() => undefined);
    await this.#save(exit);
    // Whoever comes from here on finds nobody, and the end on disk.
    this.#server.close();
    await removeSocket(this.#places.socket).catch(() => undefined);
    if (!this.#isLeaving) await this.#sayFarewell(exit);
    await this.#lock.release().catch(() => undefined);
    process.exit(0);
  }

  async #sayFarewell(exit: HostExit): Promise<void> {
    const farewells = Promise.all([...this.#context.connections].map((connection) => connection.finish(exit)));
    await withDeadline(farewells, farewellDeadline, () => new Error('slow client')).catch(() => undefined);
  }

  /** Each file is worth having without the others. */
  async #save(exit: HostExit): Promise<void> {
    const saves = await Promise.allSettled([
      this.#saveScreen(exit),
      this.#transcript.close(),
      this.#isLeaving ? undefined : writeJson(this.#places.host, { ...this.#file, exit }),
    ]);
    for (const save of saves) {
      if (save.status === 'rejected') this.#options.log.error('The end could not be written', { error: save.reason });
    }
  }

  async #saveScreen({ endedAt }: HostExit): Promise<void> {
    const { text, ...snapshot } = await this.#context.host.snapshot();
    const saved: SavedScreen = { ...snapshot, screen: text, savedAt: endedAt };
    await writeJson(this.#places.screen, saved);
  }
}

async function prepare({ machine, key, sessionId }: HostServerOptions): Promise<Preparation> {
  const places = sessionPlaces(machine, key, sessionId);
  const { stateFolder, socketFolder } = repositoryPlaces(machine, key);
  await prepareSocketFolder(socketFolder);
  const lock = await takeLock(places.hostLock);
  const [token, launch, previous, identity] = await Promise.all([
    readToken(stateFolder),
    readLaunch(places.launch),
    readSavedScreen(places.screen),
    identify(process.pid),
  ]);
  const screen = new Screen({ ...launch, theme: launch.theme ?? 'dark' });
  if (previous) await screen.restore(previous);
  return { places, token, launch, screen, identity, lock };
}

/** Two hosts would run the session's command twice in one worktree. */
async function takeLock(file: string): Promise<Lock> {
  const attempt = await tryLock(file);
  if ('lock' in attempt) return attempt.lock;
  throw new HoldfastError('SESSION_RUNNING', 'This session has a living host already. Nothing was started.', {
    advice: 'Stop the session before starting it again.',
    data: { pid: attempt.heldBy?.pid },
  });
}

async function readLaunch(file: string): Promise<LaunchSpec> {
  const launch = v.safeParse(launchSpecSchema, await readJson(file));
  if (launch.success) return launch.output;
  throw new HoldfastError('HOST_START_FAILED', `The launch file ${file} is missing or damaged.`);
}

async function readSavedScreen(file: string): Promise<SavedScreen | undefined> {
  const saved = v.safeParse(savedScreenSchema, await readJson(file));
  return saved.success ? saved.output : undefined;
}
