import { type PorcelainStatus, parseStatus } from '../core/porcelainStatus.ts';
import type { LinkedWorktree } from './worktreeGitDir.ts';
import { refNames } from './worktreeMarks.ts';

/**
 * Runs git and returns what it printed. The folder that it starts in is git's own: a worktree's may be on a disk that
 * does not answer.
 */
export type RunGit = (args: readonly string[], cwd: string) => Promise<string>;

/** What is not committed in a worktree, for whom the folder alone does not say which repository is meant. */
export async function readStatus(run: RunGit, folder: string, link: LinkedWorktree): Promise<PorcelainStatus> {
  const which = [gitDirIs(link.gitDir), `--work-tree=${folder}`];
  const args = ['status', '--porcelain=v2', '--branch', '--no-ahead-behind', '--untracked-files=all', '-z'];
  return parseStatus(await run([...which, ...args], link.commonDir));
}

/** Where a branch, tag or commit stands; undefined where there is none of that name. */
export async function readRef(run: RunGit, name: string, commonDir: string): Promise<string | undefined> {
  if (/^[0-9a-f]{40,64}$/.test(name)) return name;
  const names = refNames(name);
  const format = '--format=%(refname)%00%(objectname)%00%(*objectname)';
  const text = await run([gitDirIs(commonDir), 'for-each-ref', format, ...names], commonDir);
  const found = new Map(text.split('\n').map((line) => readRefLine(line)));
  return names.map((ref) => found.get(ref)).find((commit) => commit !== undefined);
}

/** An annotated tag is told by the commit that it names. */
function readRefLine(line: string): [ref: string, commit: string] {
  const [ref = '', own = '', peeled = ''] = line.split('\0');
  return [ref, peeled || own];
}

/** How many commits each of two has that the other has not. */
export async function countCommits(
  run: RunGit,
  { from, to, commonDir }: { from: string; to: string; commonDir: string },
): Promise<{ behind: number; ahead: number }> {
  if (from === to) return { behind: 0, ahead: 0 };
  const text = await run(
    [gitDirIs(commonDir), 'rev-list', '--left-right', '--count', `${from}...${to}`, '--'],
    commonDir,
  );
  const [behind = 0, ahead = 0] = text.trim().split(/\s+/).map(Number);
  return { behind, ahead };
}

/** The files that the commits since two branches parted have changed; of a renamed one both names. */
export async function readCommittedPaths(
  run: RunGit,
  { from, to, commonDir }: { from: string; to: string; commonDir: string },
): Promise<string[]> {
  const args = [gitDirIs(commonDir), 'diff', '--name-only', '--no-renames', '--no-ext-diff', '-z'];
  // Two histories that have nothing in common differ in all that they hold.
  const text = await run([...args, `${from}...${to}`, '--'], commonDir).catch(() =>
    run([...args, from, to, '--'], commonDir),
  );
  return text.split('\0').filter(Boolean);
}

/** The folders that hold files in a commit, at any depth; relative to its top, with `/`. */
export async function readFolders(run: RunGit, commit: string, commonDir: string): Promise<string[]> {
  const args = ['ls-tree', '-r', '-d', '-z', '--name-only', '--full-tree', commit];
  return (await run([gitDirIs(commonDir), ...args], commonDir)).split('\0').filter(Boolean);
}

/** Said rather than found out: users can forbid git to take the folder it is in for a repository. */
function gitDirIs(folder: string): string {
  return `--git-dir=${folder}`;
}
