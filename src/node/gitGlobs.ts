import { lstat, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { git } from './git.ts';

/** Those of the paths that a list of globs matches; a folder ends with a slash. */
export type MatchGlobs = (globs: readonly string[], paths: readonly string[]) => Promise<Set<string>>;

const folderPrefix = 'holdfast-globs-';

/** After which no search is still at work in its folder; milliseconds. */
const maxAge = 24 * 60 * 60_000;

/**
 * Gives `use` what matches globs as git itself reads those of a `.gitignore` in the root. Git is asked in an empty
 * repository, for in the user's own its `.gitignore` files would have a say.
 *
 * @throws {HoldfastError} `GIT_FAILED`, and the system's errors where there is no room for temporary files
 */
export async function withGlobs<T>(use: (match: MatchGlobs) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), folderPrefix));
  try {
    await removeLeft(path.dirname(folder));
    await git(['init', '--quiet', '--template='], { cwd: folder });
    await mkdir(path.join(folder, '.git', 'info'), { recursive: true });
    return await use((globs, paths) => match(folder, globs, paths));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What killed processes have left. Nobody else can change a folder of our own in the meantime. */
async function removeLeft(around: string): Promise<void> {
  const names = await readdir(around).catch(() => []);
  for (const name of names.filter((one) => one.startsWith(folderPrefix))) {
    const folder = path.join(around, name);
    if (await isLeft(folder)) await rm(folder, { recursive: true }).catch(() => undefined);
  }
}

async function isLeft(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  const isOurs = found?.isDirectory() && (process.getuid === undefined || found.uid === process.getuid());
  return isOurs === true && found !== undefined && Date.now() - found.mtimeMs > maxAge;
}

async function match(folder: string, globs: readonly string[], paths: readonly string[]): Promise<Set<string>> {
  if (globs.length === 0 || paths.length === 0) return new Set();
  await writeFile(path.join(folder, '.git', 'info', 'exclude'), `${globs.join('\n')}\n`);
  // Nor may the user's own global excludes.
  const config = ['-c', `core.excludesFile=${path.join(folder, 'none')}`];
  return checkIgnored(paths, { cwd: folder, config, flags: ['--no-index'] });
}

/** Before a path whose first character would mean something else to git. */
const here = './';

/**
 * Those of the paths that git ignores in `cwd`; a folder that is not there yet ends with a slash. What git refuses to
 * look at, such as a path in a submodule, counts as not ignored.
 */
export async function checkIgnored(
  paths: readonly string[],
  { cwd, config = [], flags = [] }: { cwd: string; config?: readonly string[]; flags?: readonly string[] },
): Promise<Set<string>> {
  if (paths.length === 0) return new Set();
  const args = [...config, 'check-ignore', ...flags, '-z', '--stdin'];
  try {
    const text = await git(args, { cwd, input: paths.map((one) => `${here}${one}\0`).join('') });
    const ignored = text.split('\0').filter(Boolean);
    return new Set(ignored.map((one) => one.slice(here.length)));
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'GIT_FAILED') throw error;
    // So it says that it ignores none of them.
    if (error.data.exitCode === 1 || paths.length === 1) return new Set();
    const half = Math.ceil(paths.length / 2);
    const parts = [paths.slice(0, half), paths.slice(half)];
    const sets = await Promise.all(parts.map((part) => checkIgnored(part, { cwd, config, flags })));
    return new Set(sets.flatMap((set) => [...set]));
  }
}
