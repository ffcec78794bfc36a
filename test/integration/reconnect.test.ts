import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { waitFor } from '../support/waitFor.ts';
import { program, useScene } from './support/scene.ts';
import { TestTerminal } from './support/terminal.ts';

describe('what is typed while the connection to a session is broken', () => {
  const scene = useScene();

  it('reaches the program once it is made again, in order and once', async () => {
    const { wire, terminal } = await throughWire();
    terminal.type('before\n');
    await terminal.sees('got before');
    await wire.cut(terminal);
    terminal.type('one\n');
    terminal.type('two\n');
    await wire.mend();
    await terminal.sees('got two');
    assert.deepEqual(terminal.text.match(/got \w+/g), ['got before', 'got one', 'got two']);
  });

  it('is refused where it is more than anybody types', async () => {
    const { wire, terminal } = await throughWire();
    await wire.cut(terminal);
    assert.throws(() => terminal.type(Buffer.alloc(2 * 1024 * 1024, 'x')), { code: 'INPUT_TOO_LARGE' });
    await wire.mend();
    terminal.type('after\n');
    await terminal.sees('got after');
  });

  async function throughWire(): Promise<{ wire: Wire; terminal: TestTerminal }> {
    const session = await scene().start(await scene().client(), program('repeatLines'));
    const wire = scene().own(new Wire(path.join(scene().folder, 'wire'), session.places.socket));
    await wire.mend();
    const terminal = await TestTerminal.open(scene(), { places: { socket: wire.path } }, { patience: 20_000 });
    await terminal.sees('ready');
    return { wire, terminal };
  }
});

/** A connection that can be cut and mended: a socket in front of another. */
class Wire {
  readonly path: string;
  readonly #target: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(file: string, target: string) {
    this.path = file;
    this.#target = target;
  }

  async mend(): Promise<void> {
    await rm(this.path, { force: true });
    const server = createServer((near) => {
      const far = connect(this.#target);
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
      }
    });
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
    this.#server = server;
  }

  /** Resolves once the terminal has noticed. */
  async cut({ attachment }: TestTerminal): Promise<void> {
    this.dispose();
    await waitFor(
      () => attachment.isConnected,
      (isConnected) => !isConnected,
    );
  }

  dispose(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server?.close();
  }
}
