import { HoldfastError } from '../base/errors.ts';
import { hookEnvironment } from '../core/hookEnvironment.ts';
import { mergeMessage } from '../core/mergeMessage.ts';
import { branchIn } from './branchTip.ts';
import { readUncommitted } from './commitAll.ts';
import { gitDirOf, operationIn } from './gitOperation.ts';
import { gitToItsEnd } from './gitToItsEnd.ts';
import { explainOverwriting } from './moveRef.ts';
import { whileLocked } from './whileLocked.ts';

/** What became of a merge in a checkout. */
export interface MergedHere {
  state: 'merged' | 'conflicts';
  /** The files in which there are conflicts to be resolved. */
  files: string[];
}

/**
 * Merges a branch in a checkout as “git merge” does, with the user’s hooks. Conflicts stay there, to be resolved.
 *
 * @throws {HoldfastError} `LOCKED`, `LOCAL_CHANGES`, `GIT_FAILED`: then git did not begin
 */
export async function mergeHere(folder: string, from: string): Promise<MergedHere> {
  const options = { cwd: folder, env: hookEnvironment(process.env) };
  const message = mergeMessage(from, (await branchIn(folder)) ?? 'HEAD');
  const safe = ['--no-autostash', '--no-squash', '--commit', '-m', message];
  const args = ['merge', ...safe, '--end-of-options', `refs/heads/${from}`];
  try {
    await whileLocked(() => gitToItsEnd(args, options));
    return { state: 'merged', files: [] };
  } catch (error) {
    if (!(error instanceof HoldfastError) || (await operationIn(await gitDirOf(folder))) !== 'merge')
      throw explainOverwriting(error, folder);
    return { state: 'conflicts', files: (await readUncommitted(folder)).conflicts };
  }
}
