import { lstat, mkdir, unlink } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { isMissing, toStorageError } from './durableFile.ts';

/**
 * Makes the socket folder, or refuses one that somebody else could have put there: it must be a real folder of
 * this user that nobody else may enter.
 *
 * @throws {HoldfastError} `UNSAFE_FOLDER`
 */
export async function prepareSocketFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
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

/** Listens at `socketPath`. The caller holds the lock that makes it the only one who may. */
export async function listen(server: net.Server, socketPath: string): Promise<void> {
  await removeSocket(socketPath);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

export async function removeSocket(socketPath: string): Promise<void> {
  if (process.platform === 'win32') return;
  await unlink(socketPath).catch((error) => {
    if (!isMissing(error)) throw error;
  });
}
