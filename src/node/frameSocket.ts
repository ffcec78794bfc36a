import type net from 'node:net';
import { Emitter } from '../base/event.ts';
import type { Disposable } from '../base/lifecycle.ts';
import { encodeFrame, encodeJsonFrame, type Frame, FrameDecoder, type FrameType } from '../protocol/frames.ts';

/** A socket that carries frames. Closes itself when the other side sends something that is none. */
export class FrameSocket implements Disposable {
  readonly #socket: net.Socket;
  readonly #onFrame = new Emitter<Frame>();
  /** A frame's payload is valid during the call only where the listener does not copy it. */
  readonly onFrame = this.#onFrame.event;
  readonly #onClose = new Emitter<void>();
  readonly onClose = this.#onClose.event;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    const decoder = new FrameDecoder();
    socket.on('data', (chunk) => {
      try {
        for (const frame of decoder.push(chunk)) this.#onFrame.fire(frame);
      } catch {
        socket.destroy();
      }
    });
    // A socket error is always followed by the close that is reported.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#onClose.fire());
  }

  get isOpen(): boolean {
    return this.#socket.writable;
  }

  /** Bytes that wait in memory for the other side. */
  get queued(): number {
    return this.#socket.writableLength;
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
}
