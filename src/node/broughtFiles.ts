import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { describeError, HoldfastError, systemErrorCode } from '../base/errors.ts';
import { copyTree } from './copyTree.ts';
import { isMissing } from './durableFile.ts';
import { excludeFromClone, excludeLineOf } from './gitExclude.ts';
import { checkIgnored } from './gitGlobs.ts';
import type { IncludedEntry } from './includedFiles.ts';

/** Of a copy that is not whole yet: nothing that was cut short passes for a file of the user's. */
const partPrefix = '.holdfast-part-';

export interface BringOptions {
  /** The main checkout and the new worktree. */
  from: string;
  to: string;
  commonDir: string;
  isApart: (file: string) => boolean;
  signal?: AbortSignal | undefined;
  platform?: NodeJS.Platform;
}

/** What could not be brought along: its path in the main checkout, and why, as a part of a sentence. */
export interface NotBrought {
  path: string;
  why: string;
}

/**
 * Copies or links into a worktree what git ignores there as well; what is there already stays as it is. Done again, it
 * goes on where it was cut short.
 *
 * @throws {HoldfastError} `DISK_FULL`; the signal's reason; nothing half-copied is left
 */
export async function bringAlong(entries: readonly IncludedEntry[], options: BringOptions): Promise<NotBrought[]> {
  const bringing = new Bringing(options, await ignoredAmong(entries, options.to));
  try {
    for (const entry of entries) await bringing.bring(entry);
  } catch (error) {
    throw explain(error);
  }
  return bringing.problems;
}

/** Folders with a slash, and without one as a link to them would be; one that has tracked files may be ignored all the same. */
async function ignoredAmong(entries: readonly IncludedEntry[], cwd: string): Promise<Set<string>> {
  const folders = entries.filter(({ isFolder }) => isFolder).map((entry) => `${entry.path}/`);
  const [withSlash, plain] = await Promise.all([
    checkIgnored(folders, { cwd, flags: ['--no-index'] }),
    checkIgnored(
      entries.map((entry) => entry.path),
      { cwd },
    ),
  ]);
  return new Set([...withSlash, ...plain]);
}

class Bringing {
  readonly problems: NotBrought[] = [];
  readonly #options: BringOptions;
  readonly #ignored: ReadonlySet<string>;

  constructor(options: BringOptions, ignored: ReadonlySet<string>) {
    this.#options = options;
    this.#ignored = ignored;
  }

  async bring(entry: IncludedEntry): Promise<void> {
    const { path: file, isFolder, how } = entry;
    this.#options.signal?.throwIfAborted();
    if ((await this.#kindOf(file)) && !isFolder) return;
    // It would be one more change of the agent's, or be committed with all that is secret in it.
    if (!this.#ignored.has(isFolder ? `${file}/` : file))
      return this.#problem(file, 'git does not ignore it on this branch');
    if (!(await this.#makeParents(file))) return this.#problem(file, 'something else is in the place of its folder');
    if (how === 'link') await this.#link(entry);
    else await this.#copy(file);
  }

  /** What lies at the path in the worktree. */
  #kindOf(file: string): Promise<Stats | undefined> {
    return kindOf(path.join(this.#options.to, file));
  }

  #problem(file: string, why: string): void {
    this.problems.push({ path: file, why });
  }

  /** A link among the folders above it would lead out of the worktree. */
  async #makeParents(file: string): Promise<boolean> {
    const names = path.posix.dirname(file).split('/');
    let { from, to: folder } = this.#options;
    for (const name of names.filter((one) => one !== '.')) {
      folder = path.join(folder, name);
      from = path.join(from, name);
      const kind = await kindOf(folder);
      if (kind && !kind.isDirectory()) return false;
      // What is in a folder of the user's alone stays hidden from others, and can be written by the user all the same.
      if (!kind) await mkdir(folder, { mode: ((await kindOf(from))?.mode ?? 0o777) | 0o300 });
    }
    return true;
  }

  async #link({ path: file, isFolder }: IncludedEntry): Promise<void> {
    const { from, to, commonDir, platform = process.platform } = this.#options;
    const link = path.join(to, file);
    if (await kindOf(link)) return;
    // To git a link is no folder, and a line with a slash at its end does not ignore it.
    if (!this.#ignored.has(file)) await excludeFromClone(commonDir, excludeLineOf(file));
    try {
      await symlink(path.join(from, file), link, linkType(isFolder, platform));
    } catch (error) {
      // Windows lets only some users link files.
      if (isFolder || systemErrorCode(error) !== 'EPERM') throw error;
      await this.#copy(file);
    }
  }

  /** As a whole under another name first; into a folder that is there already each part by itself. */
  async #copy(file: string): Promise<void> {
    const { from, to } = this.#options;
    const [source, target] = [path.join(from, file), path.join(to, file)];
    const [kind, there] = [await kindOf(source), await kindOf(target)];
    if (!kind || (there && !(kind.isDirectory() && there.isDirectory()))) return;
    if (there) return this.#copyInto(file, source);
    const part = partOf(target);
    await rm(part, { recursive: true, force: true });
    try {
      await this.#copyTo(source, part);
      if (await kindOf(part)) await rename(part, target);
    } catch (error) {
      await rm(part, { recursive: true, force: true }).catch(() => undefined);
      throw error;
    }
  }

  async #copyInto(file: string, source: string): Promise<void> {
    const names = await readdir(source).catch((error) => {
      this.#problem(file, describeError(error));
      return [];
    });
    for (const name of names) {
      this.#options.signal?.throwIfAborted();
      if (!this.#options.isApart(path.join(source, name))) await this.#copy(path.posix.join(file, name));
    }
  }

  #copyTo(source: string, part: string): Promise<void> {
    const { from, isApart, signal } = this.#options;
    return copyTree(source, part, {
      isApart,
      signal,
      retarget: (link, target) =>
        isInside(from, path.resolve(path.dirname(link), target)) ? target : path.resolve(path.dirname(link), target),
      onProblem: (file, error) =>
        this.#problem(path.relative(from, file).split(path.sep).join('/'), describeError(error)),
    });
  }
}

/** The same each time, so that what was cut short is found again; short, for the name itself may be as long as any. */
function partOf(target: string): string {
  const hash = createHash('sha256').update(path.basename(target)).digest('hex').slice(0, 12);
  return path.join(path.dirname(target), partPrefix + hash);
}

/** Of a link as it is, not of what it leads to. */
async function kindOf(file: string): Promise<Stats | undefined> {
  return lstat(file).catch((error) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}

/** Windows lets everybody make junctions, which are for folders alone. */
export function linkType(isFolder: boolean, platform: NodeJS.Platform): 'junction' | 'file' | 'dir' {
  if (!isFolder) return 'file';
  return platform === 'win32' ? 'junction' : 'dir';
}

function isInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

function explain(error: unknown): unknown {
  if (!['ENOSPC', 'EDQUOT'].includes(systemErrorCode(error) ?? '')) return error;
  const text = 'The disk is full, so not all files could be brought into the worktree. Nothing was kept.';
  return new HoldfastError('DISK_FULL', text, {
    advice: 'Free some space, or link them instead (holdfast.worktree.link), and try again.',
    cause: error,
  });
}
