import { withDeadline } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { HostClient } from '../client/hostClient.ts';
import { isLive, isRunning } from '../core/sessionRecord.ts';
import { readRecordCopy } from '../node/checkpointFile.ts';
import type { Log } from '../node/log.ts';
import { identityOf, type ProcessRef, signalEach, waitForEnds } from '../node/processEnd.ts';
import { liveness } from '../node/processIdentity.ts';
import { findSessionProcesses } from '../node/sessionProcesses.ts';
import type { ServerToken } from '../node/token.ts';
import type { Leftover } from '../protocol/health.ts';
import type { HostFile } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { HostLinks } from './hostLinks.ts';
import type { Registry } from './registry.ts';
import type { ResourceSampler } from './resourceSampler.ts';
import type { SessionFiles } from './sessionFiles.ts';

/** What a leftover gets to end by itself, and then by force; milliseconds. */
const graceTime = 5_000;
const killTime = 5_000;

/** What is told of one session's leftovers, at most. */
const maxPerSession = 20;

export interface LeftoversOptions {
  registry: Registry;
  links: HostLinks;
  files: SessionFiles;
  token: ServerToken;
  sampler: Pick<ResourceSampler, 'members'>;
  log: Log;
}

interface LeftProcess extends ProcessRef {
  command: string;
}

/** What sessions have left behind: processes that outlived their terminal, and hosts that no session has. Only told. */
export class Leftovers {
  readonly #options: LeftoversOptions;
  readonly #processes = new Map<string, LeftProcess[]>();
  #hosts: Leftover[] = [];

  constructor(options: LeftoversOptions) {
    this.#options = options;
    const known = new Map(options.registry.list().records.map((record) => [record.id, record]));
    options.registry.onChange(({ record }) => {
      const before = known.get(record.id);
      known.set(record.id, record);
      if (before && isRunning(before) && !isRunning(record)) void this.#noteEnd(record);
      if (isRunning(record)) this.#processes.delete(record.id);
    });
  }

  list(): Leftover[] {
    const processes = [...this.#processes].flatMap(([sessionId, left]) =>
      left.map(({ pid, command }) => ({ kind: 'daemon' as const, sessionId, pid, what: command })),
    );
    return [...this.#hosts, ...processes];
  }

  countOf(id: string): number {
    return this.#processes.get(id)?.length ?? 0;
  }

  /** Forgets what has ended since, and looks for hosts without a session; never rejects. */
  async look(): Promise<void> {
    try {
      // At once, so that where a look starts a process they share it.
      await Promise.all([...this.#processes].map(([id, left]) => this.#keepLiving(id, left)));
      this.#hosts = await this.#findHosts();
    } catch (error) {
      this.#options.log.warn('What sessions left behind could not be looked for', { error });
    }
  }

  /**
   * Ends what was told of, as the user wants: gently, then firmly.
   *
   * @throws {HoldfastError} `SESSION_NOT_FOUND` where there is no such leftover any more; `TIMEOUT` where it does not end
   */
  async end(sessionId: string, pid: number): Promise<void> {
    const daemon = this.#processes.get(sessionId)?.find((one) => one.pid === pid);
    const host = this.#hosts.find((one) => one.sessionId === sessionId && one.pid === pid);
    if (daemon) await endProcess(daemon);
    else if (host) await this.#endHost(sessionId);
    else throw noLeftover(sessionId, pid);
    await this.look();
  }

  /**
   * Makes a session of a host that has none, of what its checkpoint holds of its record.
   *
   * @throws {HoldfastError} `SESSION_NOT_FOUND` where there is no such host, or nothing tells what its session was;
   *   `NAME_EXISTS`, `BRANCH_EXISTS`
   */
  async adopt(sessionId: string): Promise<SessionRecord> {
    const { registry, links, files } = this.#options;
    const host = this.#hosts.find((one) => one.sessionId === sessionId);
    const places = files.places(sessionId);
    const copy = host && (await readRecordCopy(places, sessionId));
    if (!copy) throw noLeftover(sessionId, host?.pid);
    const { deletedAt: _, ...record } = copy;
    await registry.restore([record as SessionRecord]);
    await links.noteMissingHost(sessionId);
    await this.look();
    return registry.require(sessionId);
  }

  async #endHost(sessionId: string): Promise<void> {
    const { files, token } = this.#options;
    const host = await files.readHost(sessionId);
    if (!host) return;
    const client = { kind: 'helper' as const, pid: process.pid };
    const link = await HostClient.connect({ socket: host.socket, token: token.current, client });
    const ended = new Promise<void>((resolve) => link.onClose(resolve));
    link.stop(graceTime);
    await withDeadline(ended, graceTime + killTime, () => doesNotEnd(host.pid)).finally(() => link.dispose());
  }

  /** Those that were seen to descend from it, and those that have its id: a daemon may be quicker than a look. */
  async #noteEnd({ id }: SessionRecord): Promise<void> {
    try {
      const seen = this.#options.sampler.members(id).map((one) => ({ ...one, command: '' }));
      const marked = ((await findSessionProcesses(id)) ?? []).map((one) => ({
        ...one,
        command: one.command.join(' '),
      }));
      const all = new Map([...seen, ...marked].map((one) => [one.pid, one]));
      await this.#keepLiving(id, [...all.values()].slice(0, maxPerSession));
    } catch (error) {
      this.#options.log.warn('What a session left behind could not be looked for', { id, error });
    }
  }

  async #keepLiving(id: string, processes: readonly LeftProcess[]): Promise<void> {
    const states = await Promise.all(processes.map(async (one) => liveness(await identityOf(one))));
    const left = processes.filter((_, index) => states[index] === 'alive');
    const record = this.#options.registry.get(id);
    // One that runs again has these among its own.
    if (left.length === 0 || (record && isRunning(record))) this.#processes.delete(id);
    else this.#processes.set(id, left);
  }

  async #findHosts(): Promise<Leftover[]> {
    const { registry, links, files } = this.#options;
    const live = new Set(
      registry
        .list()
        .records.filter(isLive)
        .map(({ id }) => id),
    );
    const found: HostFile[] = [];
    for (const id of (await files.list()).filter((one) => !live.has(one) && !links.get(one))) {
      const host = await files.readHost(id).catch(() => undefined);
      if (host && !host.exit) found.push({ ...host, sessionId: id });
    }
    const states = await Promise.all(found.map((host) => liveness(host)));
    return found.filter((_, index) => states[index] === 'alive').map(toLeftover);
  }
}

function toLeftover({ sessionId, pid }: HostFile): Leftover {
  return { kind: 'host', sessionId, pid, what: 'the host of a session that is not in the list' };
}

async function endProcess(left: ProcessRef): Promise<void> {
  await signalEach([left], 'SIGTERM');
  if ((await waitForEnds([left], graceTime)).length === 0) return;
  await signalEach([left], 'SIGKILL');
  if ((await waitForEnds([left], killTime)).length > 0) throw doesNotEnd(left.pid);
}

function doesNotEnd(pid: number): HoldfastError {
  return new HoldfastError('TIMEOUT', `Process ${pid} does not end.`, { advice: 'End it yourself.', data: { pid } });
}

function noLeftover(sessionId: string, pid: number | undefined): HoldfastError {
  const what =
    pid === undefined ? 'Nothing tells what that session was' : `Process ${pid} is none that a session left behind`;
  return new HoldfastError('SESSION_NOT_FOUND', `${what}. Nothing was changed.`, {
    advice: 'Look again: it may have ended meanwhile.',
    data: { id: sessionId, pid },
  });
}
