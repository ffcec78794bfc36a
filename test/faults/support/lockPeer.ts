import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { projectNode } from '../../support/paths.ts';

/** What a {@link LockPeer} may be asked. */
export type LockRequest =
  | { kind: 'take'; file: string; takers: number }
  | { kind: 'release' }
  | { kind: 'write'; file: string }
  | { kind: 'handle'; signal: NodeJS.Signals }
  | { kind: 'exit' };

const program = path.join(import.meta.dirname, '..', 'programs', 'lockPeer.ts');

/** A process that takes and gives up locks as it is told. */
export class LockPeer {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<LockPeer> {
    const peer = new LockPeer(fork(program, { execPath: projectNode }));
    await peer.message();
    return peer;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** The next thing it says; undefined where it ends before. */
  async message(): Promise<unknown> {
    const settled = new AbortController();
    const { signal } = settled;
    const said = once(this.#child, 'message', { signal }).then(([message]) => message);
    const ended = once(this.#child, 'exit', { signal }).then(() => undefined);
    ended.catch(() => undefined);
    said.catch(() => undefined);
    try {
      return await Promise.race([said, ended]);
    } finally {
      settled.abort();
    }
  }

  ask(request: LockRequest): Promise<unknown> {
    this.#child.send(request, () => undefined);
    return this.message();
  }

  /** How many of `takers` that try at once have the lock; undefined where the process was ended before it told. */
  async take(file: string, takers = 1): Promise<number | undefined> {
    return (await this.ask({ kind: 'take', file, takers })) as number | undefined;
  }

  async release(): Promise<void> {
    await this.ask({ kind: 'release' });
  }

  /** Sends a signal to the process, which may live on. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends the process by a signal; resolves once it has ended. */
  async end(name: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill(name);
    await exited;
  }
}

/** Peers of the surrounding suite's tests, ended after each. */
export function useLockPeers(): () => Promise<LockPeer> {
  const peers: LockPeer[] = [];
  afterEach(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.end()));
  });
  return async () => {
    const peer = await LockPeer.start();
    peers.push(peer);
    return peer;
  };
}
