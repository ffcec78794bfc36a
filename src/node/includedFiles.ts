import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { delay } from '../base/async.ts';
import { globsOf, leadsInto } from '../core/includeGlobs.ts';
import { git, gitMessage } from './git.ts';
import { type MatchGlobs, withGlobs } from './gitGlobs.ts';
import { readRegularFile } from './regularFile.ts';
import { listWorktrees, type WorktreeEntry } from './repository.ts';
import { treeTimeout } from './worktreeRemoval.ts';

/** The file in the root of the main checkout that says what its worktrees need. */
export const includeFile = '.worktreeinclude';

/** How often the worktrees are listed until git can, and what is in between; milliseconds. */
const maxLooks = 10;
const lookPause = 100;

/** A file or a folder that git ignores and that a new worktree is to have. */
export interface IncludedEntry {
  /** Relative to the main checkout, with slashes. */
  path: string;
  isFolder: boolean;
  how: 'copy' | 'link';
}

export interface IncludeGlobs {
  /** As in `.gitignore`. */
  include: readonly string[];
  link: readonly string[];
}

export interface FindOptions {
  /** Where they are to be brought; absolute. */
  worktree: string;
  signal?: AbortSignal | undefined;
}

/** What was found, and what of it must not be taken along, by its absolute path. */
export interface IncludedFiles {
  entries: IncludedEntry[];
  isApart: (file: string) => boolean;
}

/**
 * What globs name among the files of the main checkout that git ignores: never a tracked file, nor one of another
 * worktree. A folder is named as a whole where a glob matches it, and looked into only where git does so or a glob with
 * a path leads there.
 *
 * @param root The main checkout; a repository without one has none of these files.
 * @throws {HoldfastError} `GIT_FAILED`; the signal's reason
 */
export async function findIncluded(root: string, globs: IncludeGlobs, options: FindOptions): Promise<IncludedFiles> {
  const { worktree, signal } = options;
  const include = globsOf([...globs.include, await readIncludeFile(root)]);
  const link = globsOf(globs.link);
  const isNamed = include.length + link.length > 0;
  const ignored = isNamed ? withoutFolder(await listIgnored(root, signal), folderOfWorktrees(root, worktree)) : [];
  // Most repositories have none, and git is asked nothing more.
  if (ignored.length === 0) return { entries: [], isApart: () => false };
  const isApart = await separate(root, worktree);
  const entries = await withGlobs((match) => new Search({ root, include, link, match, isApart, signal }).find(ignored));
  return { entries, isApart };
}

/** The folder that the worktree is in, as git would name it; undefined where that is outside of the main checkout. */
function folderOfWorktrees(root: string, worktree: string): string | undefined {
  const relative = path.relative(root, path.dirname(worktree)).split(path.sep).join('/');
  return relative === '' || relative.startsWith('../') || path.isAbsolute(relative) ? undefined : `${relative}/`;
}

/** Where git ignores that folder as a whole, it has nothing but worktrees, and what is left of some. */
function withoutFolder(ignored: readonly string[], folder: string | undefined): string[] {
  return ignored.filter((one) => one !== folder);
}

/** All worktrees, and the repositories' own folders. */
async function separate(root: string, worktree: string): Promise<(file: string) => boolean> {
  const named = [...(await listSteady(root)).map((entry) => entry.path), worktree];
  const real = await Promise.all(named.map((folder) => realpath(folder).catch(() => folder)));
  const apart = [...new Set([...named, ...real])].filter((folder) => folder !== root);
  return (file) =>
    path.basename(file) === '.git' || apart.some((folder) => file === folder || file.startsWith(folder + path.sep));
}

/** Git cannot list worktrees for the moment in which it is about to make one. */
async function listSteady(root: string): Promise<WorktreeEntry[]> {
  for (let look = 1; look < maxLooks; look++) {
    try {
      return await listWorktrees(root);
    } catch {
      await delay(lookPause);
    }
  }
  return listWorktrees(root);
}

/** A folder that is ignored as a whole ends with a slash, and nothing in it is named. */
async function listIgnored(root: string, signal: AbortSignal | undefined): Promise<string[]> {
  const args = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z'];
  const text = await git(args, { cwd: root, timeout: treeTimeout, signal }).catch((error) => {
    if (/must be run in a work tree/.test(gitMessage(error))) return '';
    throw error;
  });
  return text.split('\0').filter(Boolean);
}

/** What is no file that can be read names nothing. */
async function readIncludeFile(root: string): Promise<string> {
  return readRegularFile(path.join(root, includeFile)).then(
    (bytes) => bytes.toString('utf8'),
    () => '',
  );
}

interface SearchOptions extends IncludeGlobs {
  root: string;
  match: MatchGlobs;
  isApart: (file: string) => boolean;
  signal: AbortSignal | undefined;
}

class Search {
  readonly #options: SearchOptions;

  constructor(options: SearchOptions) {
    this.#options = options;
  }

  /** Level by level, so that git is asked but twice for each. */
  async find(paths: readonly string[]): Promise<IncludedEntry[]> {
    const { root, include, link, match, isApart, signal } = this.#options;
    signal?.throwIfAborted();
    const candidates = paths.filter((one) => !isApart(path.join(root, trimmed(one))));
    if (candidates.length === 0) return [];
    const linked = await match(link, candidates);
    const rest = candidates.filter((one) => !linked.has(one));
    const copied = await match(include, rest);
    const inner = await this.#lookInto(rest.filter((one) => !copied.has(one)));
    const entry = (how: IncludedEntry['how']) => (one: string) => ({
      path: trimmed(one),
      isFolder: one.endsWith('/'),
      how,
    });
    return [...[...linked].map(entry('link')), ...[...copied].map(entry('copy')), ...(await this.find(inner))];
  }

  async #lookInto(paths: readonly string[]): Promise<string[]> {
    const { include, link } = this.#options;
    const globs = [...include, ...link];
    const folders = paths.filter((one) => one.endsWith('/') && globs.some((glob) => leadsInto(glob, one)));
    return (await Promise.all(folders.map((folder) => this.#children(folder)))).flat();
  }

  /** A folder that is closed to us has nothing that could be taken along. */
  async #children(folder: string): Promise<string[]> {
    const entries = await readdir(path.join(this.#options.root, folder), { withFileTypes: true }).catch(() => []);
    return entries.map((entry) => folder + entry.name + (entry.isDirectory() ? '/' : ''));
  }
}

function trimmed(entry: string): string {
  return entry.endsWith('/') ? entry.slice(0, -1) : entry;
}
