import { HoldfastError } from '../base/errors.ts';
import { type GitOptions, git, tryGit } from './git.ts';
import { type Base, resolveCommit } from './repository.ts';

/** How long a fetch may go without a word, as it does while it looks whether all is there; milliseconds. */
const patience = 2 * 60_000;

/** A large fetch that goes on is the user's to cancel; milliseconds. */
const fetchTimeout = 60 * 60_000;

export type Watched = Pick<GitOptions, 'signal' | 'onProgress'>;

/** A branch of a remote, as git knows it here. */
export interface RemoteBranch {
  remote: string;
  /** Its name there. */
  branch: string;
}

export async function listRemotes(root: string): Promise<string[]> {
  return (await git(['remote'], { cwd: root })).split('\n').filter(Boolean);
}

/** `origin/x` taken apart; a remote's name can have slashes, too. Undefined where no remote is meant. */
export function asRemoteBranch(ref: string, remotes: readonly string[]): RemoteBranch | undefined {
  const fitting = remotes.filter((name) => ref.startsWith(`${name}/`) && ref.length > name.length + 1);
  const [remote] = fitting.sort((a, b) => b.length - a.length);
  return remote === undefined ? undefined : { remote, branch: ref.slice(remote.length + 1) };
}

/** The remote that is meant where none is named: `origin`, or the only one. */
export function usualRemote(remotes: readonly string[]): string | undefined {
  return remotes.includes('origin') ? 'origin' : remotes.length === 1 ? remotes[0] : undefined;
}

/**
 * Brings in what is new at one remote. Nobody is asked for anything; a password that no helper of git's knows is an error.
 *
 * @throws {HoldfastError} `FETCH_FAILED`, or the signal's reason
 */
export async function fetchRemote(root: string, remote: string, watched: Watched = {}): Promise<void> {
  const args = [
    'fetch',
    ...(watched.onProgress ? ['--progress'] : ['--quiet']),
    '--no-recurse-submodules',
    '--',
    remote,
  ];
  try {
    await git(args, { cwd: root, timeout: fetchTimeout, patience, ...watched });
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'GIT_FAILED') throw error;
    const reason = error.message.replace(/^git fetch failed: /, '').replace(/\.?$/, '.');
    throw new HoldfastError('FETCH_FAILED', `“${remote}” could not be fetched: ${reason} Nothing was created.`, {
      advice: 'Check the connection and your access, or go on without fetching.',
      data: { ...error.data, remote },
      cause: error,
    });
  }
}

/** What a local branch follows, such as `origin/main`. */
export async function upstreamOf(root: string, branch: string): Promise<string | undefined> {
  const format = '--format=%(upstream)';
  const ref = await tryGit(['for-each-ref', format, `refs/heads/${branch}`], { cwd: root });
  return ref?.split('\n')[0]?.match(/^refs\/remotes\/(.+)$/)?.[1];
}

/** A local branch counts as what it follows where that has all of it and more. */
export async function newestOf(root: string, base: Base): Promise<Base> {
  const upstream = await upstreamOf(root, base.ref);
  const commit = upstream && (await resolveCommit(root, `refs/remotes/${upstream}`));
  if (!commit || commit === base.commit || !(await isAncestor(root, base.commit, commit))) return base;
  return { ref: upstream, commit, isDetached: false };
}

/** Whether `commit` has all that `ancestor` has. */
export async function isAncestor(root: string, ancestor: string, commit: string): Promise<boolean> {
  return (await tryGit(['merge-base', '--is-ancestor', ancestor, commit], { cwd: root })) !== undefined;
}
