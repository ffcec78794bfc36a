import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export const repositoryRoot = resolve(import.meta.dirname, '../..');

/** The Node.js that the project pins; it runs TypeScript as it is. */
export const projectNode = join(
  repositoryRoot,
  'node_modules/node/bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

/** Where big downloads and the state of `npm start` live: outside the clone, so that the next clone finds them. */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env.HOLDFAST_CACHE_DIR) return resolve(env.HOLDFAST_CACHE_DIR);
  return join(userCacheDir(env), 'holdfast-dev');
}

function userCacheDir(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'win32') return env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  return env.XDG_CACHE_HOME || join(homedir(), '.cache');
}
