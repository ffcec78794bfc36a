import type net from 'node:net';
import { connect } from '../../../src/node/sockets.ts';
import { encodeFrame, encodeJsonFrame, FrameDecoder, frameType, readJson } from '../../../src/protocol/frames.ts';
import { hostProtocol } from '../../../src/protocol/versions.ts';
import { waitFor } from '../../support/waitFor.ts';

/** A connection that says whatever a test wants it to say, and remembers what came back. */
export class RawClient {
  readonly #socket: net.Socket;
  #received = Buffer.alloc(0);
  #isClosed = false;

  static async connect(socket: string): Promise<RawClient> {
    return new RawClient(await connect(socket));
  }

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isClosed = true;
    });
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get received(): Buffer {
    return this.#received;
  }

  send(bytes: Buffer | string): void {
    this.#socket.write(bytes);
  }

  /** What a session host answers to this hello: its welcome, or the code of its refusal. */
  async helloToHost(token: string, protocol: { min: number; max: number } = hostProtocol): Promise<object> {
    this.send(encodeJsonFrame(frameType.hello, 1, { protocol, token, client: { kind: 'test', pid: process.pid } }));
    const read = () => [...new FrameDecoder().push(this.#received)][0];
    const frame = await waitFor(read, Boolean, { what: 'an answer to the hello' });
    return readJson(frame?.payload ?? Buffer.alloc(0)) as object;
  }

  /** Attaches as a terminal that has shown the screen it got first; to be called after {@link helloToHost}. */
  async attachToHost(): Promise<void> {
    this.send(encodeJsonFrame(frameType.attach, 2, { cols: 80, rows: 24 }));
    const read = () => [...new FrameDecoder().push(this.#received)].find(({ type }) => type === frameType.screen);
    const screen = await waitFor(read, Boolean, { what: 'the first screen' });
    this.send(encodeFrame(frameType.ack, screen?.seq ?? 0));
  }

  /** What is sent to it from here on stays with the system. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Resolves once the other side has closed the connection. */
  async closed(): Promise<void> {
    await waitFor(() => this.#isClosed, Boolean, { what: 'the end of a connection' });
  }

  dispose(): void {
    this.#socket.destroy();
  }
}
