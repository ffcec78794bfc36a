import type { MergeForecast } from '../protocol/changes.ts';
import type { GitResult } from './git.ts';

/** How many files with conflicts are told. */
const maxFiles = 50;

/** `merge-tree --write-tree` came with git 2.38. */
const tooOld = 'git 2.38 or newer is needed to tell';

/** Asks git what would come of a merge, which touches neither a worktree nor a branch. */
export const forecastArgs = (heads: readonly [string, string]): string[] => [
  'merge-tree',
  '--write-tree',
  '--name-only',
  '--no-messages',
  '-z',
  '--allow-unrelated-histories',
  ...heads,
];

/**
 * What git has answered: the tree, and after it each file with conflicts.
 *
 * @see https://git-scm.com/docs/git-merge-tree#OUTPUT
 */
export function readForecast({ exitCode, stdout, stderr }: GitResult): MergeForecast {
  // Some failures end with 1 as well, and print no tree.
  const [tree = '', ...files] = stdout.split('\0').filter(Boolean);
  const isAnswer = /^[0-9a-f]{40,64}$/.test(tree);
  if (exitCode === 0 && isAnswer) return { state: 'clean' };
  if (exitCode === 1 && isAnswer) return { state: 'conflicts', files: [...new Set(files)].slice(0, maxFiles) };
  const isOld = exitCode === 129 || /usage: git merge-tree/.test(stderr);
  return { state: 'unknown', why: isOld ? tooOld : `git failed: ${stderr.trim().split('\n').at(-1) ?? ''}` };
}
