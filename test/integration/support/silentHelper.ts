import net from 'node:net';
import { delay } from '../../../src/base/async.ts';
import { type Lock, tryLock } from '../../../src/node/lockFile.ts';
import { rpcOver } from '../../../src/node/rpcConnection.ts';
import { listen, prepareSocketFolder } from '../../../src/node/sockets.ts';
import { helperMethods } from '../../../src/protocol/helperRpc.ts';
import type { Scene } from './scene.ts';

/** A helper in this process that has the lock and accepts connections, but answers late or never. */
export class SilentHelper {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #lock: Lock;
  greetings = 0;

  /** `answer` gives the number of milliseconds until the greeting of that number, from 1, is answered. */
  static async start({ places }: Scene, answer: (greeting: number) => number | undefined = () => undefined) {
    await prepareSocketFolder(places.socketFolder);
    const attempt = await tryLock(places.helperLock);
    if (!('lock' in attempt)) throw new Error('There is a helper already.');
    const helper = new SilentHelper(attempt.lock, answer);
    await listen(helper.#server, places.helperSocket);
    return helper;
  }

  private constructor(lock: Lock, answer: (greeting: number) => number | undefined) {
    this.#lock = lock;
    this.#server = net.createServer((socket) => {
      this.#sockets.add(socket.on('error', () => undefined));
      const rpc = rpcOver(socket);
      rpc.onRequest(helperMethods.hello.method, () => this.#greet(answer(++this.greetings)));
      rpc.listen();
    });
  }

  /** Whether its lock names it still. */
  isOwner(): Promise<boolean> {
    return this.#lock.isInPlace();
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await this.#lock.release();
  }

  async #greet(ms: number | undefined): Promise<unknown> {
    if (ms === undefined) return new Promise(() => undefined);
    await delay(ms);
    return { protocol: 1, pid: process.pid, version: '99.0.0' };
  }
}
