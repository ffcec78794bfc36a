import type { Log } from '../node/log.ts';
import { distinct, isSame, type ProcessRef, signalEach, waitForEnds } from '../node/processEnd.ts';
import { findSessionProcesses, type SessionProcess } from '../node/sessionProcesses.ts';
import type { ResourceSampler, SampledSession } from './resourceSampler.ts';

/** How long the system gets to do away with what was killed; milliseconds. */
const killTime = 2_000;

/** New processes may be forked while the others are killed; after so many looks the rest is told. */
const maxLooks = 3;

/**
 * `attached`: what descends from the session’s own process, also outside its process group. `all`: what was counted as
 * the session’s, so daemons as well that were seen to come of it or are still in a POSIX session of its.
 */
export type TreePart = 'attached' | 'all';

export interface TreeEnderOptions {
  sampler: Pick<ResourceSampler, 'sample' | 'members' | 'detached'>;
  /** The sessions’ own processes as they are now. */
  roots: () => Iterable<SampledSession>;
  /** Whether a process of the session runs, or may. */
  mayRun: (id: string) => boolean;
  log: Log;
  /** The processes that say of themselves that they are a session’s; undefined where that is not told. */
  findMarked?: (id: string) => Promise<readonly MarkedProcess[] | undefined>;
}

type MarkedProcess = Pick<SessionProcess, 'pid' | 'startTime' | 'session'>;

/** Processes of one life of a session. */
export interface Tree {
  part: TreePart;
  /** Absent where it has no process now that is known. */
  root?: ProcessRef;
  members: readonly ProcessRef[];
}

/** Ends the processes that a session has beside those in its terminal’s process groups, which its host ends. */
export class TreeEnder {
  readonly #options: Required<TreeEnderOptions>;

  constructor(options: TreeEnderOptions) {
    this.#options = { findMarked: findSessionProcesses, ...options };
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
    if (left.length === 0 && tree.part === 'attached') return left;
    for (let look = 0; look < maxLooks; look++) {
      await signalEach(left, 'SIGKILL');
      const all = distinct([...left, ...(await this.#findAgain(id, tree))]);
      if (all.length === 0) break;
      await signalEach(all, 'SIGKILL');
      left = await waitForEnds(all, killTime);
    }
    if (left.length > 0)
      this.#options.log.warn('Processes of a session do not end', { id, pids: left.map(({ pid }) => pid) });
    return left;
  }

  /** The session may have been started again meanwhile, and those are not to be ended. */
  async #findAgain(id: string, tree: Tree): Promise<readonly ProcessRef[]> {
    const found = await this.find(id, tree.part);
    const isSameLife = found.root ? isSame(found.root, tree.root) : !this.#options.mayRun(id);
    if (!isSameLife) return [];
    return tree.part === 'all' ? [...found.members, ...(await this.#forkedMeanwhile(id, tree))] : found.members;
  }

  /**
   * Once their parents have ended, only the POSIX session tells whose they were: such a number is given to no other
   * while one of them lives. The mark alone is no reason to end anything, for an editor or a terminal multiplexer that
   * was started from a session has it, with all that the user has opened there, and so has what an earlier life left.
   */
  async #forkedMeanwhile(id: string, { root, members }: Tree): Promise<readonly ProcessRef[]> {
    const { findMarked, log } = this.#options;
    const leaders = new Set([...(root ? [root] : []), ...members].map(({ pid }) => pid));
    try {
      return ((await findMarked(id)) ?? []).filter(({ session }) => leaders.has(session));
    } catch (error) {
      log.warn('The processes of a session could not be told by their environment', { id, error });
      return [];
    }
  }
}
