import * as v from 'valibot';
import { Deferred, withDeadline } from '../base/async.ts';
import { fromErrorShape, HoldfastError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import type { Disposable } from '../base/lifecycle.ts';
import { FrameSocket } from '../node/frameSocket.ts';
import { connect } from '../node/sockets.ts';
import {
  decodeScreen,
  encodeJsonFrame,
  type Frame,
  FrameError,
  type FrameType,
  flagMore,
  frameType,
  maxPayload,
  readJson,
  type ScreenContent,
} from '../protocol/frames.ts';
import {
  type Attach,
  type Attached,
  attachedSchema,
  exitSchema,
  type Hello,
  type HostExit,
  type HostStatus,
  hostStatusSchema,
  type LaunchSpec,
  launchSpecSchema,
  resizeSchema,
  type Signal,
  type TerminalSize,
  type Welcome,
  welcomeSchema,
} from '../protocol/hostMessages.ts';
import { hostProtocol } from '../protocol/versions.ts';

/** How long a host may take to answer a request; milliseconds. */
const requestDeadline = 5_000;

/** Unacknowledged input at which sending stops, so that a busy program makes the sender wait; bytes. */
const inputWindow = 256 * 1024;

/** Input that may wait in memory for a busy program; bytes. */
const maxQueuedInput = 64 * 1024 * 1024;

export interface HostClientOptions {
  socket: string;
  token: string;
  client: Hello['client'];
  /** Of a helper: hosts refuse one with a lower epoch than another that has spoken to them. */
  epoch?: number;
  signal?: AbortSignal;
}

/** Output of the session: `data` starts at byte offset `seq`. */
export interface Output {
  seq: number;
  data: Buffer;
}

/** A fresh screen that stands for everything before byte offset `seq`. */
export interface ScreenOutput extends ScreenContent {
  seq: number;
}

/** One connection to a session host. Every request settles, at the latest when the connection closes. */
export class HostClient implements Disposable {
  readonly #socket: FrameSocket;
  readonly #requests = new Map<number, Deferred<unknown>>();
  readonly #onOutput = new Emitter<Output>();
  readonly onOutput = this.#onOutput.event;
  readonly #onScreen = new Emitter<ScreenOutput>();
  readonly onScreen = this.#onScreen.event;
  readonly #onResized = new Emitter<TerminalSize>();
  readonly onResized = this.#onResized.event;
  readonly #onExit = new Emitter<HostExit>();
  readonly onExit = this.#onExit.event;
  readonly #onClose = new Emitter<void>();
  readonly onClose = this.#onClose.event;
  #nextRequest = 1;
  readonly #parts: Buffer[] = [];
  #welcome: Welcome | undefined;
  #inputQueue: Buffer[] = [];
  #inputQueued = 0;
  #inputSent = 0;
  #inputAcknowledged = 0;
  #inputSince: number | undefined;

  /**
   * @throws the system's error where nobody listens; {@link HoldfastError} where the host refuses: `UNAUTHORIZED`,
   * `PROTOCOL_MISMATCH`, `STALE_EPOCH`.
   */
  static async connect({ socket, token, client, epoch, signal }: HostClientOptions): Promise<HostClient> {
    const hostClient = new HostClient(new FrameSocket((await connect(socket, signal)).setNoDelay()));
    try {
      const hello: Hello = { protocol: hostProtocol, token, client, epoch };
      hostClient.#welcome = v.parse(welcomeSchema, await hostClient.#request(frameType.hello, hello));
      return hostClient;
    } catch (error) {
      hostClient.dispose();
      throw error;
    }
  }

  private constructor(socket: FrameSocket) {
    this.#socket = socket;
    socket.onFrame((frame) => this.#receive(frame));
    socket.onClose(() => this.#closed());
  }

  get isOpen(): boolean {
    return this.#socket.isOpen;
  }

  /** Equal only for one life of the session: after a restart the offsets of before mean nothing. */
  get life(): string {
    return `${this.#welcome?.pid} ${this.#welcome?.startedAt}`;
  }

  /** Milliseconds for which the oldest input has waited for the program; 0 when none waits. */
  get inputDelay(): number {
    return this.#inputSince === undefined ? 0 : Date.now() - this.#inputSince;
  }

  async ping(): Promise<void> {
    await this.#request(frameType.ping);
  }

  async status(): Promise<HostStatus> {
    return v.parse(hostStatusSchema, await this.#request(frameType.status));
  }

  /** What the session was started with, its environment included; undefined from a host that is too old to tell. */
  async launch(): Promise<LaunchSpec | undefined> {
    try {
      const reply = (await this.#request(frameType.launch)) as Buffer;
      return v.parse(launchSpecSchema, readJson(reply));
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'INVALID_ARGUMENT') return undefined;
      throw error;
    }
  }

  /** The screen as it is now, with up to `scrollback` lines above it, without attaching. */
  async snapshot(scrollback?: number): Promise<ScreenContent> {
    const request = scrollback === undefined ? {} : { scrollback };
    return decodeScreen((await this.#request(frameType.snapshot, request)) as Buffer);
  }

  /** Begins the stream of output. The first event after it is a screen, or output from `from` on. */
  async attach(request: Attach): Promise<Attached> {
    return v.parse(attachedSchema, await this.#request(frameType.attach, request));
  }

  /** Everything up to byte offset `seq` has been shown. */
  acknowledge(seq: number): void {
    this.#socket.send(frameType.ack, seq);
  }

  /** @throws {HoldfastError} `INPUT_TOO_LARGE` when far more waits than a program could mean to read. */
  input(data: Buffer): void {
    if (this.#inputQueued + data.length > maxQueuedInput) {
      throw new HoldfastError('INPUT_TOO_LARGE', 'Too much input waits for the program; nothing of it was sent.');
    }
    for (let at = 0; at < data.length; at += maxPayload) this.#inputQueue.push(data.subarray(at, at + maxPayload));
    this.#inputQueued += data.length;
    this.#sendInput();
  }

  /** Input that waited for the program and was not sent, once the connection is closed. */
  takeUnsentInput(): Buffer[] {
    this.#inputQueued = 0;
    return this.#inputQueue.splice(0);
  }

  resize(size: TerminalSize): void {
    this.#socket.sendJson(frameType.resize, 0, size);
  }

  signal(signal: Signal['signal']): void {
    this.#socket.sendJson(frameType.signal, 0, { signal });
  }

  /** Asks the host to end its process; the exit is reported as an event. */
  stop(graceMs: number): void {
    this.#socket.sendJson(frameType.stop, 0, { graceMs });
  }

  dispose(): void {
    this.#socket.dispose();
  }

  #request(type: FrameType, value: unknown = {}): Promise<unknown> {
    if (!this.#socket.isOpen) return Promise.reject(connectionLost());
    const id = this.#nextRequest++;
    const reply = new Deferred<unknown>();
    this.#requests.set(id, reply);
    this.#socket.sendEncoded(encodeJsonFrame(type, id, value));
    return withDeadline(reply.promise, requestDeadline, () => {
      return new HoldfastError('TIMEOUT', `The session host did not answer within ${requestDeadline / 1000} s.`);
    }).finally(() => this.#requests.delete(id));
  }

  #sendInput(): void {
    while (this.#inputQueue.length > 0 && this.#inputSent - this.#inputAcknowledged < inputWindow) {
      const data = this.#inputQueue.shift() as Buffer;
      this.#inputQueued -= data.length;
      this.#inputSince ??= Date.now();
      this.#socket.send(frameType.input, this.#inputSent, data);
      this.#inputSent += data.length;
    }
  }

  #receive(frame: Frame): void {
    const { type, seq, payload } = frame;
    switch (type) {
      case frameType.output:
        this.#onOutput.fire({ seq, data: payload });
        break;
      case frameType.screen:
        this.#join(frame, (content) => this.#onScreen.fire({ seq, ...decodeScreen(content) }));
        break;
      case frameType.snapshotReply:
      case frameType.launchReply:
        this.#join(frame, (content) => this.#requests.get(seq)?.resolve(content));
        break;
      case frameType.inputAck:
        this.#inputAcknowledged = seq;
        this.#inputSince = seq < this.#inputSent ? Date.now() : undefined;
        this.#sendInput();
        break;
      case frameType.resized:
        this.#onResized.fire(read(resizeSchema, payload));
        break;
      case frameType.exit:
        this.#onExit.fire(read(exitSchema, payload));
        break;
      case frameType.error:
        this.#requests.get(seq)?.reject(fromErrorShape(readJson(payload)));
        break;
      default:
        // A newer host may send what this client does not know; only an answer to a request matters.
        this.#requests.get(seq)?.resolve(payload.length > 0 ? readJson(payload) : undefined);
    }
  }

  /** The parts of one payload follow each other without another frame in between. */
  #join({ flags, payload }: Frame, onWhole: (content: Buffer) => void): void {
    this.#parts.push(payload);
    if (!(flags & flagMore)) onWhole(Buffer.concat(this.#parts.splice(0)));
  }

  #closed(): void {
    for (const request of this.#requests.values()) request.reject(connectionLost());
    this.#requests.clear();
    this.#onClose.fire();
  }
}

/** @throws {FrameError} where the payload is not what its frame's type says, which ends the connection. */
function read<S extends v.GenericSchema>(schema: S, payload: Buffer): v.InferOutput<S> {
  const content = v.safeParse(schema, readJson(payload));
  if (content.success) return content.output;
  throw new FrameError(content.issues[0].message);
}

function connectionLost(): HoldfastError {
  return new HoldfastError('CONNECTION_LOST', 'The connection to the session host was lost.', {
    advice: 'The session itself runs on.',
  });
}
