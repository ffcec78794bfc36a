import { HoldfastError } from '../base/errors.ts';
import type { WrittenBlob } from './archiveStream.ts';
import { git } from './git.ts';
import { treeTimeout } from './worktreeStatus.ts';

export interface Expected {
  ref: string;
  parents: readonly string[];
  written: readonly WrittenBlob[];
}

/**
 * Reads an archive back: its parents, each path with its mode and content, and that git has each of these objects.
 *
 * @returns The hash of its commit.
 * @throws {HoldfastError} `NOT_ARCHIVED` where something differs from what was written; `GIT_FAILED`
 */
export async function requireWhole(root: string, { ref, parents, written }: Expected): Promise<string> {
  const text = await git(['rev-list', '--parents', '--max-count=1', ref], { cwd: root });
  const [commit = '', ...found] = text.trim().split(' ');
  if (found.join() !== parents.join()) throw differs(ref, 'its parents are others');
  // What is staged may be all of a large repository, and was there before.
  const tree = await readTree(root, commit, ...new Set(written.map(({ path }) => path.split('/')[0] as string)));
  for (const { path, mode, hash } of written)
    if (tree.get(path) !== `${mode} ${hash}`) throw differs(ref, `${path} is not in it as it was read`);
  const hashes = [...new Set(written.map(({ hash }) => hash))];
  const input = hashes.map((hash) => `${hash}\n`).join('');
  const check = await git(['cat-file', '--batch-check=%(objecttype)'], { cwd: root, input, timeout: treeTimeout });
  const kinds = check.split('\n').filter(Boolean);
  if (kinds.length !== hashes.length || kinds.some((kind) => kind !== 'blob'))
    throw differs(ref, 'git has not all of it');
  return commit;
}

/** The files of a commit, each with its mode and hash. */
export async function readTree(root: string, commit: string, ...under: string[]): Promise<Map<string, string>> {
  const args = ['ls-tree', '-r', '-z', '--full-tree', commit, ...(under.length > 0 ? ['--', ...under] : [])];
  const text = await git(args, { cwd: root, timeout: treeTimeout });
  const lines = text.split('\0').flatMap((line): [string, string][] => {
    const [, mode, hash, path] = line.match(/^(\d+) \w+ ([0-9a-f]+)\t(.+)$/s) ?? [];
    return path ? [[path, `${mode} ${hash}`]] : [];
  });
  return new Map(lines);
}

function differs(ref: string, reason: string): HoldfastError {
  return new HoldfastError('NOT_ARCHIVED', `The archive ${ref} is not whole: ${reason}.`, {
    advice: 'Check the disk, and “git fsck”.',
    data: { ref, reason: `its archive is not whole: ${reason}` },
  });
}
