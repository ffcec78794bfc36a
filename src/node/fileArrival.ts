import { mkdirSync, watch } from 'node:fs';
import path from 'node:path';
import type { Disposable } from '../base/lifecycle.ts';

/**
 * Calls `listener` whenever `file` is written anew. Its folder is made if need be.
 *
 * @throws the system's error where folders cannot be watched (out of watches, a network file system).
 */
export function onFileArrival(file: string, listener: () => void): Disposable {
  const folder = path.dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const watcher = watch(folder, { persistent: false }, (_event, name) => {
    // Some systems do not say which file it was.
    if (name === null || name === path.basename(file)) listener();
  });
  watcher.on('error', () => watcher.close());
  return { dispose: () => watcher.close() };
}
