import { git, tryGit } from './git.ts';
import type { PushedBranch } from './pushBranch.ts';
import { withRealHost } from './sshHosts.ts';

/** A branch that is pushed, beside the one it was made from. */
export interface ComparedBranch {
  /** The repository’s main checkout. */
  root: string;
  remote: string;
  /** Of the remote, as it is pushed to, with the host that ssh goes to for it. */
  url: string;
  /** The branch’s name here, and its name on the remote. */
  local: string;
  branch: string;
  /** By its name on the remote; undefined where the branch was made from no branch. */
  base: string | undefined;
}

/** What a pull request of a pushed branch is made of. @throws {HoldfastError} `GIT_FAILED` */
export async function compareBranch(
  root: string,
  base: string,
  { remote, ref, branch: local }: PushedBranch,
): Promise<ComparedBranch> {
  const pushUrl = (await git(['remote', 'get-url', '--push', '--', remote], { cwd: root })).trim();
  const url = await withRealHost(pushUrl, root);
  const name = base.startsWith(`${remote}/`) ? base.slice(remote.length + 1) : base;
  const isBranch = await tryGit(['rev-parse', '--verify', '--quiet', `refs/heads/${name}`], { cwd: root });
  const isRemote = await tryGit(['rev-parse', '--verify', '--quiet', `refs/remotes/${remote}/${name}`], { cwd: root });
  const branch = ref.replace(/^refs\/heads\//, '');
  return { root, remote, url, local, branch, base: isBranch || isRemote ? name : undefined };
}
