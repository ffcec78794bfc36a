import { lstatSync } from 'node:fs';
import { lstat, unlink } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { Throttler } from '../base/async.ts';
import { HoldfastError, systemErrorCode } from '../base/errors.ts';
import { isMissing, toStorageError } from './durableFile.ts';
import type { Log } from './log.ts';
import { makeFolders } from './makeFolders.ts';

/**
 * Makes the socket folder, or refuses one that somebody else could have put there: it must be a real folder of
 * this user that nobody else may enter.
 *
 * @throws {HoldfastError} `UNSAFE_FOLDER`
 */
export async function prepareSocketFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  try {
    await makeFolders(folder);
  } catch (error) {
    throw toStorageError(error, folder);
  }
  await requireOwnFolder(folder);
}

async function requireOwnFolder(folder: string): Promise<void> {
  const stat = await lstat(folder);
  if (stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0) return;
  throw new HoldfastError('UNSAFE_FOLDER', `The socket folder ${folder} is not yours alone.`, {
    advice: 'Remove it, or set HOLDFAST_RUNTIME_DIR to a folder that only you can enter (mode 0700).',
    data: { folder },
  });
}

/**
 * Connects to a socket or pipe; rejects with the system's error (`ENOENT`, `ECONNREFUSED`) where nobody listens.
 *
 * @throws {HoldfastError} `UNSAFE_FOLDER` where somebody else could have put the socket there, and would be told
 *   the token.
 */
export async function connect(socketPath: string, signal?: AbortSignal): Promise<net.Socket> {
  if (process.platform !== 'win32') await requireOwnFolder(path.dirname(socketPath));
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const socket = net.connect(socketPath);
    const onAbort = () => socket.destroy(signal?.reason);
    const onError = (error: Error) => {
      signal?.removeEventListener('abort', onAbort);
      reject(error);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once('connect', () => {
      signal?.removeEventListener('abort', onAbort);
      socket.off('error', onError);
      resolve(socket);
    });
  });
}

/** Errors of a socket that mean only that nobody listens there. */
const nobodyListens = new Set(['ENOENT', 'ECONNREFUSED']);

/** Whether the error of a {@link connect} proves that nobody listens. */
export function isNobodyListening(error: unknown): boolean {
  return nobodyListens.has(systemErrorCode(error) ?? '');
}

/** Whether somebody listens at the path. @throws where that cannot be told. */
export async function isListenedAt(socketPath: string): Promise<boolean> {
  try {
    (await connect(socketPath)).destroy();
    return true;
  } catch (error) {
    if (isNobodyListening(error)) return false;
    throw error;
  }
}

/** Listens at `socketPath`. The caller holds the lock that makes it the only one who may. */
export async function listen(server: net.Server, socketPath: string): Promise<void> {
  await removeSocket(socketPath);
  await bind(server, socketPath);
}

/** Rejects where there is something at the path already. */
function bind(server: net.Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** How often a server looks whether its socket is still there; less than a client waits for a helper. Milliseconds. */
const checkInterval = 10_000;

export interface ServerSocketOptions {
  server: net.Server;
  path: string;
  log: Log;
  /** Milliseconds. */
  interval?: number | undefined;
  /** What else is to be looked at as often; it must not throw. */
  alsoCheck?: () => Promise<void>;
}

/**
 * Keeps a server reachable: a socket that was removed, as cleaners of temp folders do, is made again, and one that
 * somebody else has put in its place is left to them. The caller holds the lock that makes it the only one who may.
 */
export class ServerSocket {
  readonly #options: ServerSocketOptions;
  readonly #checks = new Throttler(() => this.#check());
  #timer: NodeJS.Timeout | undefined;
  #inode: bigint | undefined;

  constructor(options: ServerSocketOptions) {
    this.#options = options;
  }

  /** Listens, in the place of a socket that a killed process left. */
  async open(): Promise<void> {
    await listen(this.#options.server, this.#options.path);
    this.#inode = inodeOf(this.#options.path);
    this.#timer = setInterval(() => void this.#checks.run(), this.#options.interval ?? checkInterval);
  }

  /** Takes no more connections; those that are open stay. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    const { server, path: socketPath } = this.#options;
    const inode = inodeOf(socketPath);
    // Closing removes whatever is at the path, which may by now be somebody else's.
    if (process.platform === 'win32' || inode === undefined || inode === this.#inode) server.close();
  }

  /** Puts the socket in the place of another process's; the caller has taken the lock from that one, which is gone. */
  async reclaim(): Promise<void> {
    const { path: socketPath } = this.#options;
    if (process.platform === 'win32' || !this.#timer || inodeOf(socketPath) === this.#inode) return;
    await removeSocket(socketPath);
    await this.#checkSocket();
  }

  async #check(): Promise<void> {
    // A pipe's name goes with its owner alone.
    if (process.platform !== 'win32') await this.#checkSocket();
    if (this.#timer) await this.#options.alsoCheck?.();
  }

  async #checkSocket(): Promise<void> {
    const { server, path: socketPath, log } = this.#options;
    if (inodeOf(socketPath) !== undefined) return;
    try {
      await prepareSocketFolder(path.dirname(socketPath));
      if (!this.#timer || inodeOf(socketPath) !== undefined) return;
      server.close();
      await bind(server, socketPath);
      this.#inode = inodeOf(socketPath);
      log.warn('The socket was gone and was made again', { socket: socketPath });
    } catch (error) {
      log.warn('The socket is gone and could not be made again', { socket: socketPath, error });
    }
  }
}

/** Not asynchronous, so that nothing happens between the look and what follows from it. */
function inodeOf(socketPath: string): bigint | undefined {
  return lstatSync(socketPath, { bigint: true, throwIfNoEntry: false })?.ino;
}

async function removeSocket(socketPath: string): Promise<void> {
  if (process.platform === 'win32') return;
  await unlink(socketPath).catch((error) => {
    if (!isMissing(error)) throw error;
  });
}
