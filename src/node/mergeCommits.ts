import { HoldfastError } from '../base/errors.ts';
import { type MergedTree, parseMergeTree } from '../core/mergeTree.ts';
import { git, gitMessage, isSupportedVersion, tryGit } from './git.ts';
import { treeTimeout } from './worktreeRemoval.ts';

/** `merge-tree --write-tree` came with 2.38. */
const leastVersion = [2, 38] as const;

/** Messages are told and taken in UTF-8, whatever the repository’s own commits are written in. */
export const inUtf8 = ['-c', 'i18n.commitEncoding=UTF-8', '-c', 'i18n.logOutputEncoding=UTF-8'];

/**
 * What a merge of two commits would come to; nothing but objects is written.
 *
 * @param cwd where git looks for attributes, such as merge drivers
 * @throws {HoldfastError} `GIT_TOO_OLD`, `UNRELATED_HISTORIES`, `GIT_FAILED`
 */
export async function mergeTrees(cwd: string, ours: string, theirs: string): Promise<MergedTree> {
  const args = ['merge-tree', '--write-tree', '-z', '--name-only', '--messages', ours, theirs];
  try {
    return parseMergeTree(await git(args, { cwd, timeout: treeTimeout }));
  } catch (error) {
    // It ends with 1 where there are conflicts, and has told of them.
    if (!(error instanceof HoldfastError) || error.data.exitCode !== 1) throw explainMerge(error);
    return parseMergeTree(String(error.data.stdout));
  }
}

/** @throws {HoldfastError} `GIT_TOO_OLD` */
export async function requireMergeTree(cwd: string): Promise<void> {
  const version = await git(['--version'], { cwd });
  if (isSupportedVersion(version, leastVersion)) return;
  throw new HoldfastError(
    'GIT_TOO_OLD',
    `To merge without touching a checkout takes git ${leastVersion.join('.')} or newer; here is ${version.trim()}.`,
    { advice: 'Update git, or merge in a terminal. Nothing was changed.' },
  );
}

function explainMerge(error: unknown): unknown {
  if (!/refusing to merge unrelated histories/.test(gitMessage(error))) return error;
  return new HoldfastError('UNRELATED_HISTORIES', 'The two branches have no commit in common.', { cause: error });
}

export interface NewCommit {
  tree: string;
  parents: readonly string[];
  message: string;
  /** The author of another commit, as `GIT_AUTHOR_…` variables; the user where left out. */
  author?: NodeJS.ProcessEnv;
}

/** Writes a commit, signed where the user’s settings ask for that; returns its full hash. */
export async function writeCommit(cwd: string, { tree, parents, message, author }: NewCommit): Promise<string> {
  const signing = (await tryGit(['config', '--type=bool', '--get', 'commit.gpgSign'], { cwd }))?.trim() === 'true';
  const sign = signing ? ['-S'] : ['--no-gpg-sign'];
  const names = parents.flatMap((parent) => ['-p', parent]);
  const args = [...inUtf8, 'commit-tree', ...sign, ...names, '-F', '-', tree];
  const options = { cwd, timeout: treeTimeout, input: message };
  return (await git(args, author ? { ...options, env: author } : options)).trim();
}

/** A commit whose tree is merged with another as if it had come from `parent`. */
export async function writeStandIn(cwd: string, tree: string, parent: string): Promise<string> {
  return (await git(['commit-tree', '--no-gpg-sign', '-p', parent, '-m', 'stand-in', tree], { cwd })).trim();
}

/** @throws {HoldfastError} `NO_IDENTITY` where commits cannot be made in the user’s name. */
export async function requireIdentity(cwd: string): Promise<void> {
  try {
    await git(['var', 'GIT_COMMITTER_IDENT'], { cwd });
    await git(['var', 'GIT_AUTHOR_IDENT'], { cwd });
  } catch (error) {
    throw new HoldfastError('NO_IDENTITY', 'Git does not know in whose name to commit. Nothing was changed.', {
      advice: 'Set user.name and user.email, as with “git config --global user.name "Your Name"”.',
      cause: error,
    });
  }
}

export async function treeOf(cwd: string, commit: string): Promise<string> {
  return (await git(['rev-parse', '--verify', '--end-of-options', `${commit}^{tree}`], { cwd })).trim();
}
