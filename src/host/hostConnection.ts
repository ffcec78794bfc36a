import * as v from 'valibot';
import { HoldfastError, toErrorShape } from '../base/errors.ts';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import type { FrameSocket } from '../node/frameSocket.ts';
import type { ServerToken } from '../node/token.ts';
import { encodeParts, encodeScreen, type Frame, type FrameType, frameType, readJson } from '../protocol/frames.ts';
import {
  type Attach,
  attachSchema,
  type Hello,
  type HostStatus,
  helloSchema,
  type LaunchSpec,
  resizeSchema,
  signalSchema,
  snapshotRequestSchema,
  stopSchema,
  type TerminalSize,
} from '../protocol/hostMessages.ts';
import { hostProtocol, negotiate } from '../protocol/versions.ts';
import type { HelperEpoch } from './helperEpoch.ts';
import { OutputStream } from './outputStream.ts';
import type { SessionHost } from './sessionHost.ts';

/** How long a new connection may take to say who it is; milliseconds. */
const helloDeadline = 5_000;

/** Input that one client may have waiting for a busy program; bytes. */
const maxPendingInput = 16 * 1024 * 1024;

/** What connections share: who is attached, and whose size applies. */
export interface ConnectionContext {
  readonly token: ServerToken;
  readonly sessionId: string;
  readonly host: SessionHost;
  /** What the session can be started with again. */
  readonly launch: LaunchSpec;
  readonly epoch: HelperEpoch;
  readonly status: (clients: number) => HostStatus;
  readonly connections: Set<HostConnection>;
  /** The client that was last active decides the size, as in tmux. */
  sizeOwner: HostConnection | undefined;
}

/** One client of a session host: its verbs, its input and its stream of output. */
export class HostConnection implements Disposable {
  readonly #socket: FrameSocket;
  readonly #context: ConnectionContext;
  readonly #stream: OutputStream;
  readonly #disposables = new DisposableStore();
  readonly #helloTimer: NodeJS.Timeout;
  #hello: Hello | undefined;
  #isRefused = false;
  #size: TerminalSize | undefined;
  #inputEnd = 0;
  #inputPending = 0;

  constructor(socket: FrameSocket, context: ConnectionContext) {
    this.#socket = socket;
    this.#context = context;
    this.#stream = new OutputStream(context.host, (frame) => socket.sendEncoded(frame));
    this.#helloTimer = setTimeout(() => socket.dispose(), helloDeadline);
    this.#disposables.add({ dispose: () => clearTimeout(this.#helloTimer) });
    this.#disposables.add(socket.onFrame((frame) => this.#receive(frame)));
    this.#disposables.add(socket.onClose(() => this.dispose()));
    this.#disposables.add(context.host.onResize((size) => this.#resized(size)));
  }

  get size(): TerminalSize | undefined {
    return this.#size;
  }

  isHelperBefore(epoch: number): boolean {
    return this.#hello?.client.kind === 'helper' && (this.#hello.epoch ?? 0) < epoch;
  }

  /** Tells the client how the process ended, after all its output, and closes. */
  async finish(exit: unknown): Promise<void> {
    if (this.#hello) this.#socket.sendJson(frameType.exit, this.#context.host.journal.end, exit);
    await this.#socket.end();
  }

  dispose(): void {
    const { connections, host } = this.#context;
    if (!connections.delete(this)) return;
    this.#disposables.dispose();
    this.#stream.detach();
    host.removeStream(this.#stream);
    this.#socket.dispose();
    if (this.#context.sizeOwner === this) this.#handOverSize();
  }

  #handOverSize(): void {
    const next = [...this.#context.connections].findLast((connection) => connection.size);
    this.#context.sizeOwner = next;
    if (next?.size) this.#context.host.resize(next.size);
  }

  #receive(frame: Frame): void {
    if (this.#isRefused) return;
    try {
      if (!this.#hello) this.#greet(frame);
      else this.#handle(frame);
    } catch (error) {
      this.#refuse(frame, error);
    }
  }

  /** What cannot be tied to a request by its number, such as input, is refused under the number 0. */
  #refuse({ type, seq }: Frame, error: unknown): void {
    const shape = v.isValiError(error) ? { code: 'INVALID_ARGUMENT', message: error.message } : toErrorShape(error);
    this.#socket.sendJson(frameType.error, type === frameType.input ? 0 : seq, shape);
    if (this.#hello) return;
    this.#isRefused = true;
    void this.#socket.end();
  }

  #greet(frame: Frame): void {
    const hello = v.parse(helloSchema, frame.type === frameType.hello ? readJson(frame.payload) : undefined);
    this.#context.token.require(hello.token);
    const protocol = negotiate(hostProtocol, hello.protocol);
    if (protocol === undefined) throw new HoldfastError('PROTOCOL_MISMATCH', 'No protocol version in common.');
    this.#admitHelper(hello);
    this.#hello = hello;
    clearTimeout(this.#helloTimer);
    const { sessionId, host } = this.#context;
    const { startedAt } = host.status(0);
    this.#socket.sendJson(frameType.welcome, frame.seq, { protocol, sessionId, pid: process.pid, startedAt });
  }

  /** Two helpers that decide for one session would undo each other's work, so the newer one pushes out the older. */
  #admitHelper({ client, epoch = 0 }: Hello): void {
    if (client.kind !== 'helper' || !this.#context.epoch.admit(epoch)) return;
    for (const other of this.#context.connections) if (other.isHelperBefore(epoch)) other.dispose();
  }

  #handle(frame: Frame): void {
    const { type, seq, payload } = frame;
    const { host } = this.#context;
    switch (type) {
      case frameType.ping:
        this.#socket.send(frameType.pong, seq);
        break;
      case frameType.status:
        this.#socket.sendJson(frameType.statusReply, seq, this.#context.status(this.#context.connections.size));
        break;
      case frameType.attach:
        this.#attach(seq, v.parse(attachSchema, readJson(payload))).catch((error) => this.#refuse(frame, error));
        break;
      case frameType.input:
        this.#input(payload);
        break;
      case frameType.resize:
        this.#resize(v.parse(resizeSchema, readJson(payload)));
        break;
      case frameType.signal:
        host.signal(v.parse(signalSchema, readJson(payload)).signal);
        break;
      case frameType.snapshot:
        this.#snapshot(seq, v.parse(snapshotRequestSchema, readJson(payload)).scrollback).catch((error) =>
          this.#refuse(frame, error),
        );
        break;
      case frameType.launch:
        this.#sendParts(frameType.launchReply, seq, Buffer.from(JSON.stringify(this.#context.launch)));
        break;
      case frameType.ack:
        this.#stream.acknowledge(seq);
        break;
      case frameType.stop:
        host.stop(v.parse(stopSchema, readJson(payload)).graceMs);
        break;
      default:
        throw new HoldfastError('INVALID_ARGUMENT', `This host does not know frame type ${type}.`);
    }
  }

  async #attach(seq: number, { from, scrollback, theme, ...size }: Attach): Promise<void> {
    const { host } = this.#context;
    this.#stream.detach();
    if (theme) host.theme = theme;
    this.#resize(size);
    this.#claimSize();
    host.addStream(this.#stream);
    const announce = (replay: 'journal' | 'snapshot', at: number) =>
      this.#socket.sendJson(frameType.attached, seq, { ...host.size, seq: at, replay, exit: host.exit ?? null });
    if (from !== undefined && host.journal.holds(from)) {
      announce('journal', from);
      this.#stream.replayFrom(from);
    } else {
      await this.#stream.replaySnapshot(scrollback, (snapshot) => announce('snapshot', snapshot.seq));
    }
    host.repaint();
  }

  #input(payload: Buffer): void {
    if (this.#inputPending + payload.length > maxPendingInput) {
      throw new HoldfastError('INPUT_TOO_LARGE', 'The program does not read its input; what came last was dropped.');
    }
    this.#claimSize();
    this.#inputPending += payload.length;
    void this.#context.host.input(payload).then(() => {
      this.#inputPending -= payload.length;
      this.#inputEnd += payload.length;
      this.#socket.send(frameType.inputAck, this.#inputEnd);
    });
  }

  async #snapshot(seq: number, scrollback: number | undefined): Promise<void> {
    const snapshot = await this.#context.host.snapshot(scrollback);
    this.#sendParts(frameType.snapshotReply, seq, encodeScreen(snapshot));
  }

  #sendParts(type: FrameType, seq: number, payload: Buffer): void {
    for (const part of encodeParts(type, seq, payload)) this.#socket.sendEncoded(part);
  }

  /** A client that has not even read the last sizes learns the current one when it comes back. */
  #resized(size: TerminalSize): void {
    if (!this.#stream.isAttached) return;
    if (this.#socket.isStuck) this.dispose();
    else this.#socket.sendJson(frameType.resized, 0, size);
  }

  #resize(size: TerminalSize): void {
    this.#size = size;
    this.#stream.setSize(size.cols, size.rows);
    this.#context.sizeOwner ??= this;
    if (this.#context.sizeOwner === this) this.#context.host.resize(size);
  }

  #claimSize(): void {
    if (this.#context.sizeOwner === this || !this.#size) return;
    this.#context.sizeOwner = this;
    this.#context.host.resize(this.#size);
  }
}
