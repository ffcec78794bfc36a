import { HoldfastError } from '../base/errors.ts';
import type { Starter } from '../core/recovery.ts';
import { ticksPerSecond } from '../node/linuxStat.ts';
import type { Log } from '../node/log.ts';
import { distinct, isSame, keyOf, lookUntil, type ProcessRef, signalEach, waitForEnds } from '../node/processEnd.ts';
import { liveness, type ProcessIdentity, processTable } from '../node/processIdentity.ts';
import { findSessionProcesses, type SessionProcess } from '../node/sessionProcesses.ts';
import type { HostFile } from '../protocol/hostMessages.ts';
import type { ResourceSampler } from './resourceSampler.ts';
import type { SessionFiles } from './sessionFiles.ts';

/** How long a process whose terminal is gone gets to end by itself, after the hangup that the system sent it. */
const ownTime = 2_000;

/** The same after it was told again, and after it was killed; milliseconds. */
const graceTime = 5_000;

/** How long after its own start a host starts its process, at most; seconds. */
const hostStartTime = 20;

export interface FormerProcessOptions {
  files: Pick<SessionFiles, 'readHost' | 'readHostLock'>;
  sampler: Pick<ResourceSampler, 'lastSeen'>;
  log: Log;
  /** Milliseconds. */
  ownTime?: number;
  graceTime?: number;
  /** The processes that say of themselves that they are a session’s; undefined where that is not told. */
  findMarked?: (id: string) => Promise<readonly SessionProcess[] | undefined>;
  platform?: NodeJS.Platform;
}

/** A session's own process in an earlier life. */
interface Former {
  pid: number;
  /** Absent where it was never told apart from others of its number. */
  startTime?: string | undefined;
}

/**
 * What is left of a session's last life where that was torn out of its work. Two of them would work in one worktree, so
 * that it is gone before the session is started again.
 */
export class FormerProcess {
  readonly #options: Required<FormerProcessOptions>;

  constructor(options: FormerProcessOptions) {
    const defaults = { ownTime, graceTime, findMarked: findSessionProcesses, platform: process.platform };
    this.#options = { ...defaults, ...options };
  }

  /**
   * Ends the session's own process where its host was killed, with all that came of it. Before a start that nobody asks
   * for also what that process has left behind by its own end, such as a job in the foreground of a shell that was
   * killed; daemons that were seen to have left it live on.
   *
   * @throws {HoldfastError} `SESSION_RUNNING` where something of it does not end, or may run, and nothing may be started.
   */
  async end(id: string, by: Starter): Promise<void> {
    for (const former of await this.#find(id)) {
      if (by === 'retry' || (await this.#mayLive(id, former))) await this.#endLife(id, former);
    }
  }

  async #endLife(id: string, former: Former): Promise<void> {
    const { ownTime, graceTime, platform } = this.#options;
    await waitForEnds(await this.#leftOf(id, former), ownTime);
    if (platform !== 'win32') await waitForEnds(await this.#signalLeft(id, former, 'SIGHUP'), graceTime);
    const deadline = performance.now() + graceTime;
    let left = await this.#signalLeft(id, former, 'SIGKILL');
    while (left.length > 0 && performance.now() < deadline) {
      await waitForEnds(left, deadline - performance.now());
      // They may have started others just before they were killed.
      left = await this.#signalLeft(id, former, 'SIGKILL');
    }
    const [stubborn] = left;
    if (stubborn) throw stillRuns(id, stubborn.pid, `Process ${stubborn.pid} of its earlier life does not end.`);
  }

  /** Returns those that lived, which are told or killed now. */
  async #signalLeft(id: string, former: Former, signal: 'SIGHUP' | 'SIGKILL'): Promise<ProcessRef[]> {
    const left = await this.#leftOf(id, former);
    if (left.length === 0) return left;
    const pids = left.map(({ pid }) => pid);
    this.#options.log.warn('What is left of an earlier life is ended', { id, pids, signal });
    await signalEach(left, signal);
    return left;
  }

  async #find(id: string): Promise<Former[]> {
    const { files } = this.#options;
    // A lock that cannot be read lets no host start, which says why.
    const lock = files.readHostLock(id).catch(() => undefined);
    const [host, owner] = await Promise.all([files.readHost(id), lock]);
    const named =
      host && (await this.#isOver(id, host)) ? { pid: host.ptyPid, startTime: host.ptyStartTime } : undefined;
    const unnamed = owner && !isSame(owner, host) ? await this.#findUnnamed(id, owner) : undefined;
    return [named, unnamed].filter((one) => one !== undefined);
  }

  /** A host that was killed before it had written its file has left its lock, and perhaps the first process since then. */
  async #findUnnamed(id: string, owner: ProcessIdentity): Promise<Former | undefined> {
    if (!(await this.#isOver(id, owner))) return undefined;
    const marked = (await this.#options.findMarked(id)) ?? [];
    const [first] = marked
      .filter(({ pid, session, startTime }) => session === pid && isFirstStart(owner.startTime, startTime))
      .sort((a, b) => Number(a.startTime) - Number(b.startTime));
    return first;
  }

  /** Whether a host has ended, and in this life of the machine. One that lives lets no other one start. */
  async #isOver(id: string, host: ProcessIdentity & Partial<Pick<HostFile, 'exit'>>): Promise<boolean> {
    if (!host.exit) {
      await lookUntil(async () => (await liveness(host)) !== 'unknown', this.#options.ownTime);
      const state = await liveness(host);
      if (state === 'unknown')
        throw stillRuns(id, host.pid, `Nothing tells whether its earlier host, process ${host.pid}, lives.`);
      if (state === 'alive') return false;
    }
    const boot = await processTable()
      .bootId()
      .catch(() => undefined);
    return host.bootId === boot;
  }

  /** Where it is known, nothing is looked for among all processes. */
  async #mayLive(id: string, { pid, startTime }: Former): Promise<boolean> {
    if (startTime !== undefined) return (await waitForEnds([{ pid, startTime }], 0)).length > 0;
    return (await this.#leftOf(id, { pid })).some((one) => one.pid === pid);
  }

  /** What lives of it: nothing comes into its POSIX session but by descent, and that has its number as long as it lives. */
  async #leftOf(id: string, { pid, startTime }: Former): Promise<ProcessRef[]> {
    const { findMarked, sampler } = this.#options;
    const last = sampler.lastSeen(id);
    const seen = last && isSame({ pid, startTime: startTime ?? last.root.startTime }, last.root) ? last : undefined;
    const marked = ((await findMarked(id)) ?? []).filter(({ session }) => session === pid);
    // Somebody else has its number, and so a session of that number.
    if (startTime !== undefined && marked.some((one) => one.pid === pid && one.startTime !== startTime)) return [];
    const own = startTime === undefined ? [] : [{ pid, startTime }];
    const daemons = new Set(seen?.detached.map(keyOf));
    const all = distinct([...own, ...(seen?.attached ?? []), ...marked]).filter((one) => !daemons.has(keyOf(one)));
    return waitForEnds(all, 0);
  }
}

/** Whether a host that started then may have started its process at this time. */
function isFirstStart(hostStart: string, start: string): boolean {
  const seconds = (Number(start) - Number(hostStart)) / ticksPerSecond;
  return seconds >= 0 && seconds <= hostStartTime;
}

function stillRuns(id: string, pid: number, what: string): HoldfastError {
  return new HoldfastError('SESSION_RUNNING', what, {
    advice: 'Nothing was started, for two would work in one worktree. End it yourself and try again.',
    data: { id, pid },
  });
}
