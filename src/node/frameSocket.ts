import type net from 'node:net';
import { Emitter } from '../base/event.ts';
import type { Disposable } from '../base/lifecycle.ts';
import {
  encodeFrame,
  encodeJsonFrame,
  type Frame,
  FrameDecoder,
  FrameError,
  type FrameType,
} from '../protocol/frames.ts';

/** Bytes waiting for the other side at which nothing more is taken from it, so that what it asks for has a bound. */
const maxQueued = 1024 * 1024;

/** A socket that carries frames. Closes itself when the other side sends something that is none. */
export class FrameSocket implements Disposable {
  readonly #socket: net.Socket;
  readonly #decoder = new FrameDecoder();
  readonly #onFrame = new Emitter<Frame>();
  readonly onFrame = this.#onFrame.event;
  readonly #onClose = new Emitter<void>();
  readonly onClose = this.#onClose.event;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#receive(chunk));
    // A socket error is always followed by the close that is reported.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#onClose.fire());
  }

  /** Whether far more waits for the other side than it can mean to read. */
  get isStuck(): boolean {
    return this.#socket.writableLength > maxQueued;
  }

  get isOpen(): boolean {
    return this.#socket.writable;
  }

  send(type: FrameType, seq: number, payload?: Uint8Array): void {
    this.sendEncoded(encodeFrame(type, seq, payload));
  }

  sendJson(type: FrameType, seq: number, value: unknown): void {
    this.sendEncoded(encodeJsonFrame(type, seq, value));
  }

  sendEncoded(frame: Buffer): void {
    if (this.#socket.writable) this.#socket.write(frame);
  }

  /** Sends what is queued, then closes; resolves once closed. */
  async end(): Promise<void> {
    if (this.#socket.destroyed) return;
    await new Promise<void>((resolve) => {
      this.#socket.once('close', resolve);
      this.#socket.end(() => this.#socket.destroy());
    });
  }

  dispose(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    const socket = this.#socket;
    try {
      for (const frame of this.#decoder.push(chunk)) if (!socket.destroyed) this.#onFrame.fire(frame);
    } catch (error) {
      // The rest of the chunk is lost either way, so the stream cannot go on.
      socket.destroy();
      if (!(error instanceof FrameError)) throw error;
    }
    if (socket.writableLength <= maxQueued) return;
    socket.pause();
    socket.once('drain', () => socket.resume());
  }
}
