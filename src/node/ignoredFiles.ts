import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Folders that tools fill, and fill again when they are asked: dependencies, build output, caches. */
const generatedFolders = new Set([
  ...['node_modules', 'bower_components', '.venv', 'venv', '.tox', '.nox', '.eggs', '.vscode-test'],
  ...['dist', 'build', 'out', 'target', '.next', '.nuxt', '.svelte-kit', '.angular', '.gradle'],
  ...['.cache', '.parcel-cache', '.turbo', '__pycache__', '.pytest_cache', '.mypy_cache', '.ruff_cache'],
  ...['coverage', '.nyc_output', 'htmlcov'],
]);

const generatedFile = /^(\.DS_Store|Thumbs\.db|\.eslintcache)$|\.(pyc|pyo|class|o|tsbuildinfo)$/;

/** Where a tool or a user may put a repository into such a folder: `build/agent`, `node_modules/@scope/name`. */
const repositoryDepth = 2;

/** Nobody reads a longer list, and a folder of data may hold millions. */
const maxFound = 1_000;

/**
 * The ignored files of a worktree that would be lost with it: all but what tools make again and what the main
 * checkout has in the same place with the same content. A repository in a folder that tools fill is nothing they make
 * again; its `.git` stands for it.
 *
 * @param ignored What git ignores, as paths inside `worktree`; a folder that is ignored as a whole ends with `/`.
 * @returns Paths inside `worktree`, at most 1,000.
 */
export async function findIrreplaceable(worktree: string, ignored: string[], main: string): Promise<string[]> {
  const found: string[] = [];
  for await (const file of candidates(worktree, ignored, main)) {
    found.push(file);
    if (found.length === maxFound) break;
  }
  return found;
}

async function* candidates(worktree: string, ignored: string[], main: string): AsyncGenerator<string> {
  const top = await realpath(worktree);
  for (const entry of ignored) {
    if (isGenerated(entry)) {
      if (entry.endsWith('/')) yield* repositories(worktree, path.normalize(entry), repositoryDepth);
      continue;
    }
    for await (const file of walk(worktree, path.normalize(entry)))
      if (!(await isSame(path.join(worktree, file), path.join(main, file), top))) yield file;
  }
}

/** The `.git` of every repository in a folder that tools fill, as paths inside `worktree`. */
export function repositoriesIn(worktree: string, folder: string): AsyncGenerator<string> {
  return repositories(worktree, path.normalize(folder), repositoryDepth);
}

/**
 * Whether tools make again what git ignores there; a folder that is ignored as a whole ends with `/`. One of such a name
 * deeper inside an ignored one may be anything, so the outermost name alone counts.
 */
export function isGenerated(entry: string): boolean {
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

/** The `.git` of every repository and worktree at `entry` or up to `depth` levels below. */
async function* repositories(worktree: string, entry: string, depth: number): AsyncGenerator<string> {
  const children = await readdir(path.join(worktree, entry), { withFileTypes: true });
  if (children.some(({ name }) => name === '.git')) return yield path.join(entry, '.git');
  if (depth === 0) return;
  for (const child of children)
    if (child.isDirectory()) yield* repositories(worktree, path.join(entry, child.name), depth - 1);
}

/** @param top What lies in this folder is no copy: it goes with the worktree. */
async function isSame(file: string, other: string, top: string): Promise<boolean> {
  const counterpart = await realpath(other).catch(() => undefined);
  if (counterpart === undefined || counterpart.startsWith(top + path.sep)) return false;
  const [{ size }, otherStat] = await Promise.all([stat(file), stat(counterpart)]);
  if (!otherStat.isFile() || otherStat.size !== size) return false;
  const [digest, otherDigest] = await Promise.all([digestOf(file), digestOf(other)]);
  return digest === otherDigest;
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
