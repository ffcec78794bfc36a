import { rename } from 'node:fs/promises';
import net from 'node:net';
import { encodeFrame, encodeJsonFrame, type Frame, FrameDecoder, frameType } from '../../../src/protocol/frames.ts';

/** What is answered in place of a session's status. */
export type FalseAnswer = (frame: Frame) => Buffer;

/** Answers that are none. */
export const falseAnswers: Record<'null' | 'nonsense' | 'an error', FalseAnswer> = {
  null: ({ seq }) => encodeJsonFrame(frameType.statusReply, seq, null),
  nonsense: ({ seq }) => encodeFrame(frameType.statusReply, seq, Buffer.from('{"ptyPid":')),
  'an error': ({ seq }) => encodeJsonFrame(frameType.error, seq, { code: 'INTERNAL', message: 'It went wrong.' }),
};

/** Stands at the socket of a session host, passes on all that is said, and answers falsely for it when asked how it is. */
export class HostProxy {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #socket: string;
  readonly #answer: FalseAnswer;
  /** Until it is mended. */
  #isFalse = true;
  falseAnswers = 0;

  /** Whoever connects to the host from here on is connected to the proxy. */
  static async before(socket: string, answer: FalseAnswer): Promise<HostProxy> {
    const proxy = new HostProxy(socket, answer);
    await rename(socket, proxy.#hidden);
    await new Promise<void>((resolve) => proxy.#server.listen(socket, resolve));
    return proxy;
  }

  private constructor(socket: string, answer: FalseAnswer) {
    this.#socket = socket;
    this.#answer = answer;
    this.#server = net.createServer((client) => this.#connect(client));
  }

  get #hidden(): string {
    return `${this.#socket}~`;
  }

  /** From here on it passes on the host's own answers. */
  mend(): void {
    this.#isFalse = false;
  }

  /** Closes all connections and gives the host its socket back. */
  async end(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await rename(this.#hidden, this.#socket);
  }

  #connect(client: net.Socket): void {
    const host = net.connect(this.#hidden);
    for (const [socket, other] of [
      [client, host],
      [host, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => other.destroy());
    }
    client.pipe(host);
    const decoder = new FrameDecoder();
    host.on('data', (chunk) => {
      for (const frame of decoder.push(chunk)) client.write(this.#passed(frame));
    });
  }

  #passed(frame: Frame): Buffer {
    if (this.#isFalse && frame.type === frameType.statusReply) {
      this.falseAnswers++;
      return this.#answer(frame);
    }
    return encodeFrame(frame.type as Parameters<typeof encodeFrame>[0], frame.seq, frame.payload, frame.flags);
  }
}
