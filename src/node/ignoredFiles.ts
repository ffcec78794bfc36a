import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Folders that tools fill, and fill again when they are asked: dependencies, build output, caches. */
const generatedFolders = new Set([
  ...['node_modules', 'bower_components', 'vendor', '.venv', 'venv', '.tox', '.nox', '.eggs', '.vscode-test'],
  ...['dist', 'build', 'out', 'target', '.next', '.nuxt', '.svelte-kit', '.angular', '.gradle'],
  ...['.cache', '.parcel-cache', '.turbo', '__pycache__', '.pytest_cache', '.mypy_cache', '.ruff_cache'],
  ...['coverage', '.nyc_output', 'htmlcov'],
]);

const generatedFile = /^(\.DS_Store|Thumbs\.db|\.eslintcache)$|\.(pyc|pyo|class|o|tsbuildinfo)$/;

/** Nobody reads a longer list, and a folder of data may hold millions. */
const maxFound = 1_000;

/**
 * The ignored files of a worktree that would be lost with it: all but what tools make again and what the main
 * checkout has in the same place with the same content.
 *
 * @param ignored What git ignores, as paths inside `worktree`; a folder that is ignored as a whole ends with `/`.
 * @returns Paths inside `worktree`, at most 1,000.
 */
export async function findIrreplaceable(worktree: string, ignored: string[], main: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of ignored.filter((candidate) => !isGenerated(candidate))) {
    for await (const file of walk(worktree, path.normalize(entry))) {
      if (!(await isSame(path.join(worktree, file), path.join(main, file)))) found.push(file);
      if (found.length === maxFound) return found;
    }
  }
  return found;
}

/** A folder of such a name deeper inside an ignored one may be anything, so the outermost name alone counts. */
function isGenerated(entry: string): boolean {
  const name = path.posix.basename(entry);
  return entry.endsWith('/') ? generatedFolders.has(name) : generatedFile.test(name);
}

/** The files at or below `entry`. A link goes with its folder, and what it points to stays. */
async function* walk(worktree: string, entry: string): AsyncGenerator<string> {
  const file = path.join(worktree, entry);
  const kind = await lstat(file);
  if (kind.isFile()) yield entry;
  if (!kind.isDirectory()) return;
  for (const child of await readdir(file)) yield* walk(worktree, path.join(entry, child));
}

async function isSame(file: string, other: string): Promise<boolean> {
  const [{ size }, counterpart] = await Promise.all([stat(file), stat(other).catch(() => undefined)]);
  if (!counterpart?.isFile() || counterpart.size !== size) return false;
  const [digest, otherDigest] = await Promise.all([digestOf(file), digestOf(other)]);
  return digest === otherDigest;
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
