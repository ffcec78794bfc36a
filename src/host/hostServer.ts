import net from 'node:net';
import * as v from 'valibot';
import { withDeadline } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { readJson, writeJson } from '../node/durableFile.ts';
import { FrameSocket } from '../node/frameSocket.ts';
import { KeptLock } from '../node/keptLock.ts';
import { tryLock } from '../node/lockFile.ts';
import type { Log } from '../node/log.ts';
import { type Machine, repositoryPlaces, type SessionPlaces, sessionPlaces } from '../node/places.ts';
import { identify, type ProcessIdentity } from '../node/processIdentity.ts';
import { readLastScreen } from '../node/savedScreen.ts';
import { isListenedAt, prepareSocketFolder, ServerSocket } from '../node/sockets.ts';
import { ServerToken } from '../node/token.ts';
import { type HostExit, type HostFile, type LaunchSpec, launchSpecSchema } from '../protocol/hostMessages.ts';
import { hostProtocol } from '../protocol/versions.ts';
import { type EarlierRecording, findEarlierRecording } from './earlierRecording.ts';
import { type ConnectionContext, HostConnection } from './hostConnection.ts';
import { HostFiles } from './hostFiles.ts';
import { type Pty, spawnPty } from './pty.ts';
import { Screen } from './screen.ts';
import { ScreenSaver } from './screenSaver.ts';
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
  /** How often to look whether the socket is still there; milliseconds. */
  socketInterval?: number | undefined;
}

/** What a host needs before its process may run. */
interface Preparation {
  places: SessionPlaces;
  token: ServerToken;
  launch: LaunchSpec;
  screen: Screen;
  identity: ProcessIdentity;
  lock: KeptLock;
  recording: EarlierRecording | undefined;
}

/** A running session host: its socket, its files, its clients. */
export class HostServer {
  readonly #options: HostServerOptions;
  readonly #places: SessionPlaces;
  readonly #lock: KeptLock;
  readonly #socket: ServerSocket;
  readonly #context: ConnectionContext;
  readonly #transcript: Transcript;
  readonly #screenSaver: ScreenSaver;
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
    const { places, token, launch, screen, identity, lock, recording } = preparation;
    const { sessionId, log, socketInterval } = options;
    this.#options = options;
    this.#places = places;
    this.#lock = lock;
    const { cols, rows } = launch;
    this.#transcript = new Transcript({ file: places.transcript, cols, rows, log, earlier: recording });
    screen.onFailure((error) => log.error('Some output could not be shown', { error }));
    const host = new SessionHost({ sessionId, pty, screen, transcript: this.#transcript });
    const { ptyPid, startedAt } = host.status(0);
    const { socket } = places;
    this.#file = { ...identity, sessionId, protocol: hostProtocol.max, ptyPid, socket, startedAt, exit: null };
    const snapshot = (scrollback?: number) => host.snapshot(scrollback);
    this.#screenSaver = new ScreenSaver({ file: places.screen, startedAt, snapshot, log });
    pty.onData(() => this.#screenSaver.changed());
    host.onResize(() => this.#screenSaver.changed());
    this.#context = { token, sessionId, host, connections: new Set(), sizeOwner: undefined };
    const server = net.createServer((connection) => this.#accept(connection));
    const restoreOthers = () => this.#restoreRecordings();
    const files = new HostFiles({ path: places.host, content: this.#file, lock, host, restoreOthers, log });
    const alsoCheck = () => this.#opened.then(() => files.check());
    this.#socket = new ServerSocket({ server, path: socket, log, interval: socketInterval, alsoCheck });
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
    await this.#socket.open();
    // What was restored belongs to this life before anyone can tell that it has begun.
    if (this.#context.host.journal.start > 0) await this.#screenSaver.save();
    await writeJson(this.#places.host, this.#file);
  }

  async #restoreRecordings(): Promise<void> {
    this.#screenSaver.changed();
    await this.#transcript.flush();
  }

  /** What happened is on disk before anyone is told, so that it is known even if nobody listens. */
  async #finish(exit: HostExit): Promise<void> {
    this.#options.log.info('The process ended', { ...exit });
    await this.#opened.catch(() => undefined);
    await this.#save(exit);
    // Whoever comes from here on finds nobody, and the end on disk.
    this.#socket.close();
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
      this.#screenSaver.finish(exit.endedAt),
      this.#transcript.close(),
      this.#isLeaving ? undefined : writeJson(this.#places.host, { ...this.#file, exit }),
    ]);
    for (const save of saves) {
      if (save.status === 'rejected') this.#options.log.error('The end could not be written', { error: save.reason });
    }
  }
}

async function prepare({ machine, key, sessionId, log }: HostServerOptions): Promise<Preparation> {
  const places = sessionPlaces(machine, key, sessionId);
  const { stateFolder, socketFolder } = repositoryPlaces(machine, key);
  await prepareSocketFolder(socketFolder);
  // A living host may have lost its lock together with the folder that it is in.
  if (await isListenedAt(places.socket)) throw runsAlready();
  const lock = await takeLock(places.hostLock);
  const [token, launch, previous, identity, recording] = await Promise.all([
    ServerToken.read(stateFolder),
    takeLaunch(places.launch, log),
    readLastScreen(places),
    identify(process.pid),
    findEarlierRecording(places.transcript),
  ]);
  const screen = new Screen({ ...launch, theme: launch.theme ?? 'dark' });
  if (previous) await screen.restore(previous);
  return { places, token, launch, screen, identity, lock, recording };
}

/** Two hosts would run the session's command twice in one worktree. */
async function takeLock(file: string): Promise<KeptLock> {
  const attempt = await tryLock(file);
  if ('lock' in attempt) return new KeptLock(file, attempt.lock);
  throw runsAlready(attempt.heldBy?.pid);
}

function runsAlready(pid?: number): HoldfastError {
  return new HoldfastError('SESSION_RUNNING', 'This session has a living host already. Nothing was started.', {
    advice: 'Stop the session before starting it again.',
    data: { pid },
  });
}

/** The environment, which may hold secrets, does not stay on disk: each start brings its own. */
async function takeLaunch(file: string, log: Log): Promise<LaunchSpec> {
  const launch = v.safeParse(launchSpecSchema, await readJson(file));
  if (!launch.success) throw new HoldfastError('HOST_START_FAILED', `The launch file ${file} is missing or damaged.`);
  await writeJson(file, { ...launch.output, env: {} }).catch((error) =>
    log.warn('The environment could not be removed from the launch file', { file, error }),
  );
  return launch.output;
}
