import { Throttler } from '../base/async.ts';
import type { Disposable } from '../base/lifecycle.ts';
import type { ProcessFacts, ProcessScan } from '../core/processFacts.ts';
import {
  attachedMembers,
  followTree,
  type Members,
  type ProcessForest,
  processForest,
  type TreeRoot,
  treeProcesses,
} from '../core/processTree.ts';
import { ResourceHistory } from '../core/resourceHistory.ts';
import { nextUse, type ResourceUse, type UseAtLook } from '../core/resourceUse.ts';
import type { Log } from '../node/log.ts';
import { isOwnProgram } from '../node/ownProgram.ts';
import { scanProcesses } from '../node/processScan.ts';

/** Between two looks at the processes; milliseconds. */
const defaultInterval = 5_000;

/** A session whose process is known; one whose start time is not must be left out, for nothing could be told of it. */
export interface SampledSession extends TreeRoot {
  id: string;
}

export interface ResourceSamplerOptions {
  /** Those that run; asked for at the beginning of each look. */
  sessions: () => Iterable<SampledSession>;
  log: Log;
  /** Between two looks; milliseconds. */
  interval?: number;
  scan?: () => Promise<ProcessScan>;
  /** Milliseconds of a clock that is never set. */
  now?: () => number;
  /** Whether a process is one of Holdfast's own programs, which no session owns though one may have started it. */
  isOwn?: (process: Pick<ProcessFacts, 'pid' | 'command'>) => boolean;
}

/** What is known of a session from one look to the next. */
interface Sampled {
  readonly root: TreeRoot;
  readonly history: ResourceHistory;
  members: Members;
  /** Those that were members at the look before, too. */
  settled: Members;
  attached: Members;
  /** As they were while the root lived: once it has ended nothing descends from it any more. */
  lastSeen?: LastSeen;
  last?: UseAtLook;
}

/** The processes of one life of a session, as they were last seen beside its own. */
export interface LastSeen {
  root: TreeRoot;
  /** What descended from its own process, itself included. */
  attached: readonly TreeRoot[];
  /** What had left that, such as daemons. */
  detached: readonly TreeRoot[];
}

/** Looks at all processes when it is asked to, and tells what each session's processes are and what they use. */
export class ResourceSampler implements Disposable {
  readonly #options: Required<ResourceSamplerOptions>;
  readonly #sampled = new Map<string, Sampled>();
  /** The latest lives of sessions that run no more, while anything of them lives. */
  readonly #ended = new Map<string, Sampled>();
  readonly #looks = new Throttler(() => this.#look());
  #isDisposed = false;
  #hasFailed = false;

  constructor(options: ResourceSamplerOptions) {
    const defaults = {
      interval: defaultInterval,
      scan: scanProcesses,
      now: () => performance.now(),
      isOwn: isOwnProgram,
    };
    this.#options = { ...defaults, ...options };
  }

  /** Resolves after a look that began after this call; those who ask while one is being taken share the next. */
  sample(): Promise<void> {
    return this.#looks.run();
  }

  /** Undefined where the latest look failed, or had not begun when the session did. */
  use(id: string): ResourceUse | undefined {
    return this.#hasFailed ? undefined : this.#sampled.get(id)?.last?.use;
  }

  /** By the sampler's own clock: `performance.now()`, unless it was given another. */
  history(id: string): ResourceHistory | undefined {
    return this.#sampled.get(id)?.history;
  }

  /** The session's processes as they were last seen, also where looks have failed since. */
  members(id: string): readonly TreeRoot[] {
    return identities(this.#sampled.get(id)?.members);
  }

  /** Those of its members that no longer descend from its own process, such as daemons. */
  detached(id: string): readonly TreeRoot[] {
    return detachedOf(this.#sampled.get(id));
  }

  /** Of the life that a session has, or had last: once its own process has ended nothing else tells what came of it. */
  lastSeen(id: string): LastSeen | undefined {
    return (this.#sampled.get(id) ?? this.#ended.get(id))?.lastSeen;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#sampled.clear();
    this.#ended.clear();
  }

  async #look(): Promise<void> {
    if (this.#isDisposed) return;
    // Before the look, so that every process of theirs had started when it began.
    const sessions = [...this.#options.sessions()];
    this.#keepOnly(sessions);
    if (sessions.length === 0) return;
    const scan = await this.#scan();
    if (!scan || this.#isDisposed) return;
    this.#take(sessions, scan);
    this.#forgetGone(scan);
  }

  /** A session that was started again has other processes, and begins anew. */
  #keepOnly(sessions: readonly SampledSession[]): void {
    const roots = new Map(sessions.map((session) => [session.id, session]));
    for (const [id, sampled] of this.#sampled) {
      const found = roots.get(id);
      if (found?.pid === sampled.root.pid && found.startTime === sampled.root.startTime) continue;
      this.#sampled.delete(id);
      this.#ended.set(id, sampled);
    }
  }

  #forgetGone(scan: ProcessScan): void {
    const lives = ([pid, startTime]: readonly [number, string]) => scan.get(pid)?.startTime === startTime;
    for (const [id, { members }] of this.#ended) if (![...members].some(lives)) this.#ended.delete(id);
  }

  async #scan(): Promise<ProcessScan | undefined> {
    const { scan, log } = this.#options;
    try {
      const found = await scan();
      if (this.#hasFailed) log.info('The system lists its processes again');
      this.#hasFailed = false;
      return found;
    } catch (error) {
      if (!this.#hasFailed)
        log.warn('The system did not list its processes; what sessions use is not known', { error });
      this.#hasFailed = true;
      return undefined;
    }
  }

  #take(sessions: readonly SampledSession[], scan: ProcessScan): void {
    const at = this.#options.now();
    const forest = processForest(scan, process.pid);
    for (const { id, pid, startTime } of sessions) {
      const sampled = this.#sampled.get(id) ?? newlySampled({ pid, startTime });
      this.#sampled.set(id, sampled);
      this.#update(sampled, forest, at);
    }
  }

  #update(sampled: Sampled, forest: ProcessForest, at: number): void {
    const { root, members: known, settled, last, history } = sampled;
    const { interval, isOwn } = this.#options;
    // Twice, for what was forked a moment ago is still taken for the program that it was forked by.
    const isForeign = (facts: ProcessFacts) => settled.get(facts.pid) !== facts.startTime && isOwn(facts);
    sampled.members = followTree({ root, known, forest, isForeign });
    sampled.settled = new Map([...sampled.members].filter(([pid, startTime]) => known.get(pid) === startTime));
    sampled.attached = attachedMembers(sampled.members, root, forest);
    if (sampled.attached.has(root.pid))
      sampled.lastSeen = { root, attached: identities(sampled.attached), detached: detachedOf(sampled) };
    const processes = treeProcesses(sampled.members, last?.look.processes ?? new Map(), forest.scan);
    sampled.last = nextUse(last, { at, processes }, { interval });
    history.add(at, sampled.last.use);
  }
}

function newlySampled(root: TreeRoot): Sampled {
  return { root, history: new ResourceHistory(), members: new Map(), settled: new Map(), attached: new Map() };
}

function detachedOf({ members, attached }: Partial<Sampled> = {}): TreeRoot[] {
  return identities(members).filter(({ pid }) => !attached?.has(pid));
}

function identities(members: Members = new Map()): TreeRoot[] {
  return [...members].map(([pid, startTime]) => ({ pid, startTime }));
}
