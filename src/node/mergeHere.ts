import { HoldfastError } from '../base/errors.ts';
import { hookEnvironment } from '../core/hookEnvironment.ts';
import { mergeMessage } from '../core/mergeMessage.ts';
import { branchIn } from './branchTip.ts';
import { readUncommitted } from './commitAll.ts';
import { git } from './git.ts';
import { gitDirOf, operationIn } from './gitOperation.ts';
import { gitToItsEnd } from './gitToItsEnd.ts';
import { explainOverwriting } from './moveRef.ts';
import { whileLocked } from './whileLocked.ts';

/** Milliseconds. */
const fetchTimeout = 15 * 60_000;

/** What became of a merge in a checkout. */
export interface MergedHere {
  state: 'merged' | 'conflicts';
  /** The files in which there are conflicts to be resolved. */
  files: string[];
}

/** What is merged: a full name or a hash, and how the message calls it. */
export interface MergeSource {
  ref: string;
  name: string;
}

/**
 * Merges something in a checkout as “git merge” does, with the user’s hooks. Conflicts stay there, to be resolved.
 *
 * @throws {HoldfastError} `LOCKED`, `LOCAL_CHANGES`, `GIT_FAILED`: then git did not begin
 */
export async function mergeHere(folder: string, { ref, name }: MergeSource): Promise<MergedHere> {
  const options = { cwd: folder, env: hookEnvironment(process.env) };
  const message = mergeMessage(name, (await branchIn(folder)) ?? 'HEAD');
  // A merge was asked for by name, whatever is set for those of pulls.
  const safe = ['--ff', '--no-autostash', '--no-squash', '--commit', '-m', message];
  const args = ['merge', ...safe, '--end-of-options', ref];
  try {
    await whileLocked(() => gitToItsEnd(args, options));
    return { state: 'merged', files: [] };
  } catch (error) {
    if (!(error instanceof HoldfastError) || (await operationIn(await gitDirOf(folder))) !== 'merge')
      throw explainOverwriting(error, folder);
    return { state: 'conflicts', files: (await readUncommitted(folder)).conflicts };
  }
}

/**
 * Fetches what a remote has on a branch, and merges that in a checkout.
 *
 * @throws {HoldfastError} as {@link mergeHere}, and what the fetch throws
 */
export async function fetchAndMerge(
  folder: string,
  { remote, ref }: { remote: string; ref: string },
  signal?: AbortSignal,
): Promise<MergedHere> {
  const fetch = ['fetch', '--no-tags', '--quiet', '--end-of-options', remote, ref];
  await git(fetch, { cwd: folder, timeout: fetchTimeout, ...(signal ? { signal } : {}) });
  const commit = (await git(['rev-parse', '--verify', 'FETCH_HEAD^{commit}'], { cwd: folder })).trim();
  return mergeHere(folder, { ref: commit, name: `${remote}/${ref.replace(/^refs\/heads\//, '')}` });
}
