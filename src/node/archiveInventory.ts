import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { forEachAtMost } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { findConverted } from './convertedFiles.ts';
import { isMissing } from './durableFile.ts';
import { walkFolder } from './folderWalk.ts';
import { isGenerated, repositoriesIn } from './ignoredFiles.ts';
import { type IndexEntry, isGitlink, isHidden, readIndex, readStatus, type WorktreeStatus } from './worktreeStatus.ts';

/** A file that an archive holds, as it was when it was looked at. */
export interface SeenFile {
  /** Relative, with slashes. */
  path: string;
  kind: 'file' | 'link';
  /** Permission bits. */
  mode: number;
  /** Bytes. */
  size: number;
  /** Changes whenever the file does; empty where the file is named after its content. */
  stamp: string;
}

/** All of a worktree that a checkout of its index would not bring back. */
export interface Inventory {
  files: SeenFile[];
  /** Of git's own folder for the worktree. */
  git: SeenFile[];
  emptyGitFolders: string[];
  /** Tracked files that are not there. */
  absent: string[];
  emptyFolders: string[];
  counts: { uncommitted: number; untracked: number; ignored: number };
  /** What can be in no archive, as parts of a sentence. */
  obstacles: string[];
}

export interface InventoryOptions {
  /** `none` leaves ignored files out, which are then lost. */
  ignored: 'kept' | 'none';
}

/** More than this is a data set, which needs a person to decide; bytes and files. */
const maxBytes = 4 * 1024 ** 3;
const maxFiles = 500_000;

const looksAtOnce = 32;

/** What names the folder to git, and what Holdfast notes there itself. */
const ownNotes = new Set(['gitdir', 'commondir', 'locked', 'holdfast.json', 'fsmonitor--daemon.ipc']);

/**
 * Looks at a whole worktree without changing anything.
 *
 * @param gitDir Git's own folder for it.
 * @throws {HoldfastError} `GIT_FAILED`, and what the system says of what it does not let us read.
 */
export async function takeInventory(folder: string, gitDir: string, { ignored }: InventoryOptions): Promise<Inventory> {
  const status = await readStatus(folder);
  const index = await readIndex(folder);
  const links = index.filter(isGitlink).map((entry) => entry.path);
  const nested = [...nestedRepositories(status), ...(await filled(folder, links))];
  const found = new Collector(folder);
  const absent = await addTracked(found, { status, index });
  await found.addAll(status.untracked.filter((file) => !file.endsWith('/')));
  for (const inner of nested) await found.addFolder(inner);
  const before = found.size;
  if (ignored === 'kept') for (const entry of status.ignored) await addIgnored(found, entry);
  const counted = found.size - before;
  const known = new Set([...nested, ...status.ignored.map(withoutSlash), ...links]);
  const overlooked = await addRest(found, { known, tracked: new Set(index.map(({ path: file }) => file)) });
  const git = await takeGitFiles(gitDir);
  return {
    files: found.files,
    git: git.files,
    emptyGitFolders: [...git.emptyFolders].sort(),
    absent,
    emptyFolders: [...found.emptyFolders].sort(),
    counts: {
      uncommitted: status.changed.length,
      untracked: status.untracked.length + overlooked,
      ignored: counted,
    },
    obstacles: [...found.obstacles(), ...git.obstacles()],
  };
}

/** The files of git's own folder for a worktree, without its locks and what only names the worktree. */
export async function takeGitFiles(gitDir: string): Promise<Collector> {
  const found = new Collector(gitDir);
  for await (const entry of walkFolder(gitDir)) {
    if (ownNotes.has(entry.path) || entry.path.endsWith('.lock') || entry.kind === 'other') continue;
    await found.take(entry);
  }
  return found;
}

/** Files below one folder, each once. */
export class Collector {
  readonly #top: string;
  readonly #files = new Map<string, SeenFile>();
  readonly #others: string[] = [];
  readonly #areLinks = new Map<string, Promise<boolean>>();
  readonly emptyFolders = new Set<string>();

  constructor(top: string) {
    this.#top = top;
  }

  get size(): number {
    return this.#files.size;
  }

  get files(): SeenFile[] {
    return [...this.#files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  obstacles(): string[] {
    const bytes = this.files.reduce((sum, { size }) => sum + size, 0);
    return [
      ...this.#others.map((file) => `${file} is neither a file nor a link`),
      ...(bytes > maxBytes ? [`what is not committed takes ${(bytes / 1024 ** 3).toFixed(1)} GB`] : []),
      ...(this.size > maxFiles ? [`${this.size} files are not committed`] : []),
    ];
  }

  /** What is there; a folder is not taken, and what is behind a link is not there. */
  async add(file: string): Promise<Looked> {
    if (this.#files.has(file)) return 'file';
    const seen = (await this.#isBehindLink(file)) ? 'missing' : await look(this.#top, file);
    if (seen === 'other') this.#others.push(file);
    if (typeof seen === 'string') return seen;
    this.#files.set(file, seen);
    return 'file';
  }

  #isBehindLink(file: string): Promise<boolean> {
    const folder = path.posix.dirname(file);
    if (folder === '.') return Promise.resolve(false);
    const isLink = this.#areLinks.get(folder) ?? this.#isLink(folder);
    this.#areLinks.set(folder, isLink);
    return isLink;
  }

  async #isLink(folder: string): Promise<boolean> {
    const entry = await lstat(path.join(this.#top, folder)).catch(() => undefined);
    return entry?.isSymbolicLink() === true || this.#isBehindLink(folder);
  }

  /** @throws {HoldfastError} `UNSAFE_FILE` where one cannot be found by its name. */
  async addAll(files: readonly string[]): Promise<void> {
    await forEachAtMost(looksAtOnce, files, async (file) => {
      if ((await this.add(file)) === 'missing') requireNamable(this.#top, file);
    });
  }

  /** All that is in a folder, its repository's own files included. */
  async addFolder(folder: string): Promise<void> {
    for await (const entry of walkFolder(this.#top, folder)) await this.take(entry);
  }

  async take({ path: file, kind }: { path: string; kind: 'file' | 'link' | 'empty' | 'other' }): Promise<void> {
    if (kind === 'empty') this.emptyFolders.add(file);
    else if (kind === 'other') this.#others.push(file);
    else if ((await this.add(file)) === 'missing') requireNamable(this.#top, file);
  }

  get top(): string {
    return this.#top;
  }
}

type Looked = 'file' | 'folder' | 'other' | 'missing';

/** Changes whenever a file does. */
export function stampOf(entry: { mtimeNs: bigint; ctimeNs: bigint; size: bigint; ino: bigint; mode: bigint }): string {
  const { mtimeNs, ctimeNs, size, ino, mode } = entry;
  return [mtimeNs, ctimeNs, size, ino, mode].join(':');
}

async function look(top: string, file: string): Promise<SeenFile | Exclude<Looked, 'file'>> {
  try {
    const entry = await lstat(path.join(top, file), { bigint: true });
    if (entry.isDirectory()) return 'folder';
    if (!entry.isFile() && !entry.isSymbolicLink()) return 'other';
    const kind = entry.isFile() ? 'file' : 'link';
    const { mode, size } = entry;
    // Git marks the shared part of an index as used whenever it reads it.
    const stamp = file.startsWith('sharedindex.') ? '' : stampOf(entry);
    return { path: file, kind, mode: Number(mode) & 0o7777, size: Number(size), stamp };
  } catch (error) {
    if (isMissing(error)) return 'missing';
    throw error;
  }
}

interface Tracked {
  status: WorktreeStatus;
  index: readonly IndexEntry[];
}

/**
 * Adds the tracked files of which the index does not have the bytes.
 *
 * @returns Those that are not there.
 */
async function addTracked(found: Collector, { status, index }: Tracked): Promise<string[]> {
  const single = index.filter(({ stage }) => stage === 0);
  const plain = single.filter((entry) => !isHidden(entry) && !isGitlink(entry)).map(({ path: file }) => file);
  const changed = new Set(status.changed.map(({ path: file }) => file));
  const differing = status.changed.filter(({ state }) => state[1] !== ' ').map(({ path: file }) => file);
  const unseen = single.filter((entry) => isHidden(entry) || isGitlink(entry));
  const deleted = new Set(status.changed.filter(({ state }) => state[1] === 'D').map(({ path: file }) => file));
  const sparse = new Set(unseen.filter(({ tag }) => tag.toUpperCase() === 'S').map(({ path: file }) => file));
  const links = new Set(unseen.filter(isGitlink).map(({ path: file }) => file));
  const names = new Set(single.map(({ path: file }) => file));
  const absent = new Set<string>();
  await forEachAtMost(looksAtOnce, [...differing, ...unseen.map(({ path: file }) => file)], async (file) => {
    // What is outside a sparse checkout is not there to begin with, and of a conflict nothing is checked out.
    const there = await found.add(file);
    if (there === 'missing' && !deleted.has(file) && !sparse.has(file)) requireNamable(found.top, file);
    const isThere = there === 'file' || (there === 'folder' && links.has(file));
    if (!isThere && names.has(file) && !sparse.has(file)) absent.add(file);
  });
  const unchanged = plain.filter((file) => !changed.has(file));
  const isUnchanged = new Set(unchanged);
  await found.addAll((await findConverted(found.top, unchanged)).filter((file) => isUnchanged.has(file)));
  return [...absent].sort();
}

async function addIgnored(found: Collector, entry: string): Promise<void> {
  const name = withoutSlash(entry);
  if (!isGenerated(entry)) {
    if (entry.endsWith('/')) await found.addFolder(name);
    else await found.addAll([name]);
    return;
  }
  if (!entry.endsWith('/')) return;
  for await (const file of repositoriesIn(found.top, name))
    await found.addFolder(path.dirname(file).split(path.sep).join('/'));
}

/**
 * Adds what git tells nothing of: folders with nothing in them, and all in folders named `.git`, as after a `git init`
 * where files are tracked.
 *
 * @returns How many files.
 */
async function addRest(
  found: Collector,
  { known, tracked }: { known: ReadonlySet<string>; tracked: ReadonlySet<string> },
): Promise<number> {
  const before = found.size;
  for await (const entry of walkFolder(found.top, '', (folder) => folder === '.git' || known.has(folder))) {
    if (entry.path === '.git' || known.has(entry.path) || tracked.has(entry.path)) continue;
    await found.take(entry);
  }
  return found.size - before;
}

function nestedRepositories({ untracked }: WorktreeStatus): string[] {
  return untracked.filter((entry) => entry.endsWith('/')).map(withoutSlash);
}

/** The submodules in whose folders there is something. */
async function filled(folder: string, links: readonly string[]): Promise<string[]> {
  const there: string[] = [];
  for (const link of links) {
    const entry = await lstat(path.join(folder, link)).catch(() => undefined);
    if (entry?.isDirectory()) there.push(link);
  }
  return there;
}

function withoutSlash(entry: string): string {
  return entry.replace(/\/$/, '');
}

/** What is not there may be so only by the name that was made of its bytes. */
function requireNamable(folder: string, file: string): void {
  if (!file.includes('\uFFFD')) return;
  throw new HoldfastError('UNSAFE_FILE', `The name of ${file} is no text that this system can tell.`, {
    advice: 'Rename it and try again.',
    data: { folder, file },
  });
}
