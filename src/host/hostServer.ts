import net from 'node:net';
import { withDeadline } from '../base/async.ts';
import { writeJson } from '../node/durableFile.ts';
import { FrameSocket } from '../node/frameSocket.ts';
import type { KeptLock } from '../node/keptLock.ts';
import { pausePoint } from '../node/pausePoint.ts';
import type { SessionPlaces } from '../node/places.ts';
import { processTable } from '../node/processIdentity.ts';
import { ServerSocket } from '../node/sockets.ts';
import type { HostExit, HostFile, HostStatus } from '../protocol/hostMessages.ts';
import { hostProtocol } from '../protocol/versions.ts';
import { takeCheckpoint } from './checkpointContent.ts';
import { Checkpointer } from './checkpointer.ts';
import { HelperEpoch } from './helperEpoch.ts';
import { type ConnectionContext, HostConnection } from './hostConnection.ts';
import { HostFiles } from './hostFiles.ts';
import { type Preparation, type PreparationOptions, prepare } from './hostPreparation.ts';
import { type Pty, spawnPty } from './pty.ts';
import { RecordCopy } from './recordCopy.ts';
import { SessionHost } from './sessionHost.ts';
import { Transcript } from './transcript.ts';

/** How long clients may take to receive the end of a session; milliseconds. */
const farewellDeadline = 2_000;

/** How long a session's process may take to end once its host is told to go; milliseconds. */
const leaveGrace = 3_000;

/** How long the system may take to tell when the session's process has started, before that is left out; milliseconds. */
const startTimeDeadline = 500;

export interface HostServerOptions extends PreparationOptions {
  /** How often to look whether the socket is still there; milliseconds. */
  socketInterval?: number | undefined;
}

/** A running session host: its socket, its files, its clients. */
export class HostServer {
  readonly #options: HostServerOptions;
  readonly #places: SessionPlaces;
  readonly #lock: KeptLock;
  readonly #socket: ServerSocket;
  readonly #context: ConnectionContext;
  readonly #transcript: Transcript;
  readonly #checkpointer: Checkpointer;
  readonly #file: HostFile;
  readonly #files: HostFiles;
  /** Settles once clients are served, and the files tell of it. */
  readonly opened: Promise<void>;
  #isOpen = false;
  /** The host was told to go by the system, as at a shutdown: nobody asked for the end of its session. */
  #isLeaving = false;
  #left: Promise<void> | undefined;

  /**
   * Starts the session's process, and begins to listen for clients.
   *
   * @throws {HoldfastError} `HOST_START_FAILED` when the launch file is missing or the process cannot start;
   * `SESSION_RUNNING` when the session has a living host.
   */
  static async start(options: HostServerOptions): Promise<HostServer> {
    const preparation = await prepare(options);
    // From here to the listeners nothing else may be waited for: a process that ends at once would end unseen.
    const { launch } = preparation;
    const pty = await spawnPty({ ...launch, ...launch.instead });
    return new HostServer(options, preparation, pty);
  }

  private constructor(options: HostServerOptions, preparation: Preparation, pty: Pty) {
    const { places, token, launch, screen, screenSince, identity, lock, recording, notice } = preparation;
    const { sessionId, log, socketInterval } = options;
    this.#options = options;
    this.#places = places;
    this.#lock = lock;
    const { cols, rows } = launch;
    this.#transcript = new Transcript({ file: places.transcript, cols, rows, log, earlier: recording, notice });
    screen.onFailure((error) => log.error('Some output could not be shown', { error }));
    const host = new SessionHost({ sessionId, pty, screen, transcript: this.#transcript });
    const { ptyPid, startedAt } = host.status(0);
    const { socket } = places;
    this.#file = { ...identity, sessionId, protocol: hostProtocol.max, ptyPid, socket, startedAt, exit: null };
    const record = new RecordCopy(places.record);
    const parts = { file: this.#file, launch, record, host, transcript: this.#transcript };
    const take = (scrollback?: number) => takeCheckpoint(parts, scrollback);
    this.#checkpointer = new Checkpointer({ file: places.checkpoint, take, log });
    pty.onData(() => this.#checkpointer.changed());
    host.onResize(() => this.#checkpointer.changed());
    const epoch = new HelperEpoch();
    epoch.onRaise((highest) => void this.#noteEpoch(highest));
    const { notice: _, ...again } = launch;
    const status = (clients: number) => this.#status(clients);
    const shared = { connections: new Set<HostConnection>(), sizeOwner: undefined };
    this.#context = { token, sessionId, host, launch: again, epoch, status, ...shared };
    const server = net.createServer((connection) => this.#accept(connection));
    const restoreOthers = () => this.#restoreRecordings();
    this.#files = new HostFiles({ path: places.host, content: this.#file, lock, host, restoreOthers, log });
    const alsoCheck = () => this.opened.then(() => this.#files.check());
    this.#socket = new ServerSocket({ server, path: socket, log, interval: socketInterval, alsoCheck });
    host.onExit((exit) => void this.#finish(exit));
    if (screenSince !== undefined) this.#file.screenSince = screenSince;
    this.opened = this.#open(screen.seq > 0 || notice !== undefined);
  }

  get ptyPid(): number {
    return this.#file.ptyPid;
  }

  /**
   * Hangs up. The session's end is then nobody's wish and no failure of its own: it counts as lost. Before it has begun
   * only its start has failed, as where the helper waits no longer for a slow disk.
   */
  leave(): void {
    if (this.#isOpen) this.#noteLeaving();
    this.#context.host.stop(leaveGrace);
  }

  #noteLeaving(): void {
    this.#isLeaving = true;
    this.#file.leftAt = new Date().toISOString();
    this.#left = writeJson(this.#places.host, this.#file);
    this.#left.catch(() => undefined);
  }

  #accept(connection: net.Socket): void {
    this.#context.connections.add(new HostConnection(new FrameSocket(connection.setNoDelay()), this.#context));
  }

  #status(clients: number): HostStatus {
    const { ptyStartTime } = this.#file;
    const checkpointAt = this.#checkpointer.savedAt ?? null;
    return { ...this.#context.host.status(clients), checkpointAt, ...(ptyStartTime ? { ptyStartTime } : {}) };
  }

  async #learnStartTime(): Promise<void> {
    await pausePoint('host-asks-start-time');
    const startTime = await processTable()
      .startTime(this.#file.ptyPid)
      .catch(() => undefined);
    if (startTime !== undefined) this.#file.ptyStartTime = startTime;
  }

  async #noteEpoch(epoch: number): Promise<void> {
    this.#file.epoch = epoch;
    await this.opened.then(() => this.#files.rewrite()).catch(() => undefined);
  }

  async #open(showsEarlier: boolean): Promise<void> {
    await Promise.all([this.#socket.open(), this.#nameProcess()]);
    await pausePoint('host-process-named');
    const first = this.#checkpointer.save();
    // The record does not say yet that the session runs.
    this.#checkpointer.changed();
    if (showsEarlier) await first;
    if (this.#file.screenSince !== undefined) await this.#noteScreen();
    this.#isOpen = true;
  }

  /**
   * Before all else that waits for the disk: a host that is killed leaves its process behind, which only pid and start
   * time tell from another.
   */
  async #nameProcess(): Promise<void> {
    const learnt = this.#learnStartTime();
    await withDeadline(learnt, startTimeDeadline, () => new Error('slow system')).catch(() => undefined);
    const isKnown = this.#file.ptyStartTime !== undefined;
    await pausePoint('host-process-spawned');
    await writeJson(this.#places.host, this.#file);
    if (!isKnown) void learnt.then(() => this.#files.rewrite());
  }

  /** What was restored belongs to this life from here on. */
  async #noteScreen(): Promise<void> {
    delete this.#file.screenSince;
    await writeJson(this.#places.host, this.#file);
  }

  async #restoreRecordings(): Promise<void> {
    this.#checkpointer.changed();
    await this.#transcript.flush();
  }

  /** What happened is on disk before anyone is told, so that it is known even if nobody listens. */
  async #finish(exit: HostExit): Promise<void> {
    this.#options.log.info('The process ended', { ...exit });
    await this.opened.catch(() => undefined);
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
      this.#checkpointer.finish(exit.endedAt),
      this.#transcript.close(),
      this.#isLeaving ? this.#left : writeJson(this.#places.host, { ...this.#file, exit }),
    ]);
    for (const save of saves) {
      if (save.status === 'rejected') this.#options.log.error('The end could not be written', { error: save.reason });
    }
  }
}
