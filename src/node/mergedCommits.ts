import { git, tryGit } from './git.ts';

/** Comparing changes reads all that the base has got since; milliseconds. */
const compareTimeout = 20_000;

/** Who the commit is by that only serves to be compared. */
const nobody = ['-c', 'user.name=Holdfast', '-c', 'user.email=holdfast@localhost', '-c', 'commit.gpgSign=false'];

/**
 * Whether the base has what leads to `end`: the commits themselves, the same changes in other commits, as after a rebase
 * or a cherry-pick, or all of them in one, as after a squash merge. What git cannot tell is not merged.
 *
 * @param end Full hash, and so is `base`.
 */
export async function isMerged(cwd: string, end: string, base: string): Promise<boolean> {
  const start = (await tryGit(['merge-base', base, end], { cwd }))?.trim();
  if (!start) return false;
  if (start === end) return true;
  // Commits that take back each other are work that nobody has merged.
  if ((await tryGit(['diff', '--quiet', start, end], { cwd })) !== undefined) return false;
  return (await isRebased(cwd, end, base)) || (await isSquashed(cwd, { end, base, start }));
}

/** `git cherry` leaves merges out, and with them what was done in them. */
async function isRebased(cwd: string, end: string, base: string): Promise<boolean> {
  const merges = await tryGit(['rev-list', '--merges', '--count', end, '--not', base], { cwd });
  return merges?.trim() === '0' && (await hasSame(cwd, end, base));
}

/** One commit with all the changes, which belongs to nothing and goes with git's next clean-up. */
async function isSquashed(
  cwd: string,
  { end, base, start }: { end: string; base: string; start: string },
): Promise<boolean> {
  const args = ['commit-tree', `${end}^{tree}`, '-p', start, '-m', 'squashed'];
  const commit = (await tryGit([...nobody, ...args], { cwd }))?.trim();
  return commit !== undefined && hasSame(cwd, commit, base);
}

/** @see https://git-scm.com/docs/git-cherry */
async function hasSame(cwd: string, end: string, base: string): Promise<boolean> {
  const text = await git(['cherry', base, end], { cwd, timeout: compareTimeout }).catch(() => '+');
  const lines = text.split('\n').filter(Boolean);
  return lines.length > 0 && lines.every((line) => line.startsWith('-'));
}
