import { tryGit } from './git.ts';

/** The full hash at which a local branch stands. */
export async function resolveBranch(cwd: string, branch: string): Promise<string | undefined> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `refs/heads/${branch}^{commit}`];
  return (await tryGit(args, { cwd }))?.trim();
}

/** The branch that is checked out in a folder, also where it has no commit; undefined with a detached HEAD. */
export async function branchIn(folder: string): Promise<string | undefined> {
  const ref = await tryGit(['symbolic-ref', '--quiet', 'HEAD'], { cwd: folder });
  return ref?.trimEnd().replace(/^refs\/heads\//, '');
}

/** The branch that a name stands for: its own, or that of the branch which it is only another name of. */
export async function branchBehind(cwd: string, name: string): Promise<string> {
  const ref = await tryGit(['symbolic-ref', '--quiet', `refs/heads/${name}`], { cwd });
  const behind = ref?.trimEnd().match(/^refs\/heads\/(.+)$/)?.[1];
  return behind === undefined || behind === name ? name : branchBehind(cwd, behind);
}
