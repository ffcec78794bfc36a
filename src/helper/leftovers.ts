import { isLive, isRunning } from '../core/sessionRecord.ts';
import type { Log } from '../node/log.ts';
import { identityOf, type ProcessRef } from '../node/processEnd.ts';
import { liveness } from '../node/processIdentity.ts';
import { findSessionProcesses } from '../node/sessionProcesses.ts';
import type { Leftover } from '../protocol/health.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { HostLinks } from './hostLinks.ts';
import type { Registry } from './registry.ts';
import type { ResourceSampler } from './resourceSampler.ts';
import type { SessionFiles } from './sessionFiles.ts';

/** What is told of one session's leftovers, at most. */
const maxPerSession = 20;

export interface LeftoversOptions {
  registry: Registry;
  links: HostLinks;
  files: SessionFiles;
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
      for (const [id, left] of this.#processes) await this.#keepLiving(id, left);
      this.#hosts = await this.#findHosts();
    } catch (error) {
      this.#options.log.warn('What sessions left behind could not be looked for', { error });
    }
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
    const found: Leftover[] = [];
    for (const id of (await files.list()).filter((one) => !live.has(one) && !links.get(one))) {
      const host = await files.readHost(id).catch(() => undefined);
      if (!host || host.exit || (await liveness(host)) !== 'alive') continue;
      found.push({ kind: 'host', sessionId: id, pid: host.pid, what: `the host of a session that is not in the list` });
    }
    return found;
  }
}
