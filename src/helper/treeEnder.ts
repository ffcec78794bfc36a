import type { Log } from '../node/log.ts';
import { type ProcessRef, signalEach, waitForEnds } from '../node/processEnd.ts';
import { findSessionProcesses } from '../node/sessionProcesses.ts';
import type { ResourceSampler, SampledSession } from './resourceSampler.ts';

/** How long the system gets to do away with what was killed; milliseconds. */
const killTime = 2_000;

/** New processes may be forked while the others are killed; after so many looks the rest is told. */
const maxLooks = 3;

/**
 * `attached`: what descends from the session’s own process, also outside its process group. `all`: daemons as well that
 * have left it, as far as they were ever seen to come of it, or have its id in their environment.
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
  findMarked?: (id: string) => Promise<readonly ProcessRef[] | undefined>;
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
  readonly #options: Required<TreeEnderOptions>;

  constructor(options: TreeEnderOptions) {
    this.#options = { findMarked: findSessionProcesses, ...options };
  }

  /** Who they are now: once the session's own process has ended nothing may tell any more whose they were. */
  async find(id: string, part: TreePart): Promise<Tree> {
    const { sampler, roots, log } = this.#options;
    await sampler.sample().catch((error) => log.warn('The processes could not be looked at', { error }));
    const detached = new Set(sampler.detached(id).map(({ pid }) => pid));
    const seen = sampler.members(id).filter(({ pid }) => part === 'all' || !detached.has(pid));
    const members = part === 'all' ? distinct([...seen, ...(await this.#marked(id))]) : seen;
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
  async #findAgain(id: string, { part, root }: Tree): Promise<readonly ProcessRef[]> {
    const found = await this.find(id, part);
    const isSameLife = found.root ? isSame(root, found.root) : !this.#options.mayRun(id);
    return isSameLife ? found.members : [];
  }

  /** A process that left the session between two looks was never seen to come of it. */
  #marked(id: string): Promise<readonly ProcessRef[]> {
    const { findMarked, log } = this.#options;
    return findMarked(id).then(
      (found = []) => found,
      (error) => {
        log.warn('The processes of a session could not be told by their environment', { id, error });
        return [];
      },
    );
  }
}

function isSame(one: ProcessRef | undefined, other: ProcessRef): boolean {
  return one?.pid === other.pid && one.startTime === other.startTime;
}

function distinct(processes: readonly ProcessRef[]): ProcessRef[] {
  return [...new Map(processes.map((one) => [`${one.pid} ${one.startTime}`, one])).values()];
}
