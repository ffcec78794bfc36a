import { lstat, readlink } from 'node:fs/promises';
import path from 'node:path';
import { isMissing } from './durableFile.ts';
import { git } from './git.ts';

/** Hashing reads every file as a whole; milliseconds. */
const hashTimeout = 10 * 60_000;

/** As many paths as fit a command line of Windows. */
const batchSize = 100;

/** A tracked file that `git status` takes for unchanged without a look. */
interface MarkedFile {
  mode: string;
  /** What the index has of it; a full hash. */
  hash: string;
  file: string;
}

/**
 * Counts the tracked files whose changes `git status` hides, because they are marked skip-worktree or
 * assume-unchanged. One that is not there, as outside a sparse checkout, has nothing to lose.
 *
 * @param folder The top of a checkout.
 * @throws {HoldfastError} `GIT_FAILED`
 */
export async function countHiddenChanges(folder: string): Promise<number> {
  const regular: MarkedFile[] = [];
  let changed = 0;
  for (const marked of await listMarked(folder)) {
    const kind = await kindOf(path.join(folder, marked.file));
    if (kind === 'file' && marked.mode.startsWith('100')) regular.push(marked);
    else if (kind === 'link' && marked.mode === '120000') changed += (await isSameLink(folder, marked)) ? 0 : 1;
    else if (kind !== 'missing') changed += 1;
  }
  for (let at = 0; at < regular.length; at += batchSize)
    changed += await countChanged(folder, regular.slice(at, at + batchSize));
  return changed;
}

/** @see https://git-scm.com/docs/git-ls-files#Documentation/git-ls-files.txt--v */
async function listMarked(folder: string): Promise<MarkedFile[]> {
  const text = await git(['ls-files', '-v', '--stage', '-z'], { cwd: folder });
  return text.split('\0').flatMap((entry) => {
    const [, mode, hash, file] = entry.match(/^[Sa-z] (\d+) ([0-9a-f]+) \d\t(.+)$/s) ?? [];
    return mode && hash && file ? [{ mode, hash, file }] : [];
  });
}

async function kindOf(file: string): Promise<'file' | 'link' | 'other' | 'missing'> {
  try {
    const entry = await lstat(file);
    if (entry.isFile()) return 'file';
    return entry.isSymbolicLink() ? 'link' : 'other';
  } catch (error) {
    if (isMissing(error)) return 'missing';
    throw error;
  }
}

async function isSameLink(folder: string, { hash, file }: MarkedFile): Promise<boolean> {
  const target = await git(['cat-file', 'blob', hash], { cwd: folder });
  return target === (await readlink(path.join(folder, file)));
}

/** Git applies the filters of each path, line endings among them, as when it adds the file. */
async function countChanged(folder: string, marked: MarkedFile[]): Promise<number> {
  const files = marked.map(({ file }) => file);
  const hashes = await git(['hash-object', '--', ...files], { cwd: folder, timeout: hashTimeout });
  const current = hashes.split('\n');
  return marked.filter(({ hash }, index) => hash !== current[index]).length;
}
