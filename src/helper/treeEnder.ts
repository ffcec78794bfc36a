import type { Log } from '../node/log.ts';
import { type ProcessRef, signalEach, waitForEnds } from '../node/processEnd.ts';
import type { ResourceSampler, SampledSession } from './resourceSampler.ts';

/** How long the system gets to do away with what was killed; milliseconds. */
const killTime = 2_000;

/** New processes may be forked while the others are killed; after so many looks the rest is told. */
const maxLooks = 3;

/**
 * `attached`: what descends from the session’s own process, also outside its process group. `all`: daemons as well that
 * have left it, as far as they were ever seen to come of it.
 */
export type TreePart = 'attached' | 'all';

export interface TreeEnderOptions {
  sampler: Pick<ResourceSampler, 'sample' | 'members' | 'detached'>;
  /** The sessions’ own processes as they are now. */
  roots: () => Iterable<SampledSession>;
  log: Log;
}

/** Processes of one life of a session. */
export interface Tree {
  part: TreePart;
  /** Absent where it has no process now that is known. */
  root?: ProcessRef;
  members: readonly ProcessRef[];
}

/** Ends the processes that a session has beside those in its terminal’s process groups, which its host ends. */
export class TreeEnder {
  readonly #options: TreeEnderOptions;

  constructor(options: TreeEnderOptions) {
    this.#options = options;
  }

  /** Who they are now: once the session's own process has ended nothing may tell any more whose they were. */
  async find(id: string, part: TreePart): Promise<Tree> {
    const { sampler, roots, log } = this.#options;
    await sampler.sample().catch((error) => log.warn('The processes could not be looked at', { error }));
    const detached = new Set(sampler.detached(id).map(({ pid }) => pid));
    const members = sampler.members(id).filter(({ pid }) => part === 'all' || !detached.has(pid));
    const root = [...roots()].find((one) => one.id === id);
    return { part, members, ...(root ? { root } : {}) };
  }

  hangUp({ members }: Tree): Promise<void> {
    return signalEach(members, 'SIGHUP');
  }

  /**
   * Kills those that still live after `patience` milliseconds, and what has been started by them meanwhile. Returns
   * those that do not end.
   */
  async kill(id: string, tree: Tree, patience: number): Promise<ProcessRef[]> {
    let left = await waitForEnds(tree.members, patience);
    for (let look = 0; look < maxLooks && left.length > 0; look++) {
      await signalEach(left, 'SIGKILL');
      const known = new Set(left.map(({ pid }) => pid));
      const others = (await this.#findAgain(id, tree)).filter(({ pid }) => !known.has(pid));
      await signalEach(others, 'SIGKILL');
      left = await waitForEnds([...left, ...others], killTime);
    }
    if (left.length > 0)
      this.#options.log.warn('Processes of a session do not end', { id, pids: left.map(({ pid }) => pid) });
    return left;
  }

  /** The session may have been started again meanwhile, and those are not to be ended. */
  async #findAgain(id: string, { part, root }: Tree): Promise<readonly ProcessRef[]> {
    const found = await this.find(id, part);
    const isSameLife = root?.pid === found.root?.pid && root?.startTime === found.root?.startTime;
    return isSameLife ? found.members : [];
  }
}
