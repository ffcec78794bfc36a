import net from 'node:net';
import * as v from 'valibot';
import { withDeadline } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { readJson, writeJson } from '../node/durableFile.ts';
import { FrameSocket } from '../node/frameSocket.ts';
import type { Log } from '../node/log.ts';
import { type Machine, repositoryPlaces, type SessionPlaces, sessionPlaces } from '../node/places.ts';
import { identify } from '../node/processIdentity.ts';
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
import { spawnPty } from './pty.ts';
import { SessionHost } from './sessionHost.ts';
import { Transcript } from './transcript.ts';

/** How long clients may take to receive the end of a session; milliseconds. */
const farewellDeadline = 2_000;

/** How long a session's process may take to end once its host is told to go; milliseconds. */
const defaultGrace = 5_000;

export interface HostServerOptions {
  machine: Machine;
  key: string;
  sessionId: string;
  log: Log;
}

/** A running session host: its socket, its files, its clients. */
export class HostServer {
  readonly #options: HostServerOptions;
  readonly #places: SessionPlaces;
  readonly #server: net.Server;
  readonly #context: ConnectionContext;
  readonly #transcript: Transcript;
  readonly #file: HostFile;

  /**
   * Starts the session's process and listens for clients.
   *
   * @throws {HoldfastError} `HOST_START_FAILED` when the launch file is missing or the process cannot start.
   */
  static async start(options: HostServerOptions): Promise<HostServer> {
    const { machine, key, sessionId, log } = options;
    const places = sessionPlaces(machine, key, sessionId);
    const { stateFolder, socketFolder } = repositoryPlaces(machine, key);
    await prepareSocketFolder(socketFolder);
    const token = await readToken(stateFolder);
    const launch = await readLaunch(places.launch);
    const transcript = new Transcript({ file: places.transcript, cols: launch.cols, rows: launch.rows, log });
    const host = new SessionHost({
      launch,
      transcript,
      pty: await spawnPty(launch),
      previous: await readSavedScreen(places.screen),
    });
    const status = host.status(0);
    const file: HostFile = {
      ...(await identify(process.pid)),
      sessionId,
      protocol: hostProtocol.max,
      ptyPid: status.ptyPid,
      socket: places.socket,
      startedAt: status.startedAt,
      exit: null,
    };
    const context: ConnectionContext = { token, sessionId, host, connections: new Set(), sizeOwner: undefined };
    const server = new HostServer(options, places, context, transcript, file);
    await server.#open();
    return server;
  }

  private constructor(
    options: HostServerOptions,
    places: SessionPlaces,
    context: ConnectionContext,
    transcript: Transcript,
    file: HostFile,
  ) {
    this.#options = options;
    this.#places = places;
    this.#context = context;
    this.#transcript = transcript;
    this.#file = file;
    this.#server = net.createServer((socket) => {
      context.connections.add(new HostConnection(new FrameSocket(socket.setNoDelay()), context));
    });
    context.host.onExit((exit) => void this.#finish(exit));
  }

  get ptyPid(): number {
    return this.#file.ptyPid;
  }

  stop(): void {
    this.#context.host.stop(defaultGrace);
  }

  async #open(): Promise<void> {
    await listen(this.#server, this.#places.socket);
    await writeJson(this.#places.host, this.#file);
  }

  /** What happened is on disk before anyone is told, so that it is known even if nobody listens. */
  async #finish(exit: HostExit): Promise<void> {
    const { log } = this.#options;
    log.info('The process ended', { ...exit });
    try {
      await this.#save(exit);
    } catch (error) {
      log.error('The end of the session could not be written', { error });
    }
    const farewells = Promise.all([...this.#context.connections].map((connection) => connection.finish(exit)));
    await withDeadline(farewells, farewellDeadline, () => new Error('slow client')).catch(() => undefined);
    this.#server.close();
    await removeSocket(this.#places.socket);
    process.exit(0);
  }

  async #save(exit: HostExit): Promise<void> {
    const { host } = this.#context;
    const { text, ...snapshot } = await host.snapshot();
    const saved: SavedScreen = { ...snapshot, screen: text, savedAt: exit.endedAt };
    await writeJson(this.#places.screen, saved);
    await this.#transcript.close();
    await writeJson(this.#places.host, { ...this.#file, exit });
  }
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
