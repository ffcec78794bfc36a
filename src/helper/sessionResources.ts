import type { Log } from '../node/log.ts';
import { countOpenFiles } from '../node/openFiles.ts';
import type { ResourceUse, UseSample } from '../protocol/health.ts';
import { ResourceSampler, type SampledSession } from './resourceSampler.ts';

/** Open files cost a call for each process, and change slowly: they are counted anew at every so many-th look. */
const looksPerCount = 12;

export interface SessionResourcesOptions {
  sessions: () => Iterable<SampledSession>;
  log: Log;
  /** Between two looks; milliseconds. */
  interval: number;
}

/** What the sessions’ processes use, as clients are told it. */
export class SessionResources {
  readonly sampler: ResourceSampler;
  readonly #options: SessionResourcesOptions;
  readonly #openFiles = new Map<string, number>();
  #looks = 0;

  constructor(options: SessionResourcesOptions) {
    this.#options = options;
    this.sampler = new ResourceSampler(options);
  }

  /** One look at all processes; never rejects. */
  async look(): Promise<void> {
    try {
      await this.sampler.sample();
      if (this.#looks++ % looksPerCount === 0) this.#openFiles.clear();
      await this.#countOpenFiles();
    } catch (error) {
      this.#options.log.error('What sessions use could not be told', { error });
    }
  }

  /** Undefined where the latest look failed, or there was none yet. */
  use(id: string): ResourceUse | undefined {
    const use = this.sampler.use(id);
    if (!use) return undefined;
    const { rss, cpu, smoothCpu, cpuTime, processes } = use;
    const openFiles = this.#openFiles.get(id);
    return {
      memory: rss,
      cpu: Math.round((smoothCpu ?? cpu ?? 0) * 10) / 10,
      cpuTime: Math.round(cpuTime),
      processes,
      ...(openFiles === undefined ? {} : { openFiles }),
    };
  }

  /** The last hour, oldest first; empty where nothing is known of the session. */
  history(id: string): UseSample[] {
    const behind = Date.now() - performance.now();
    const samples = this.sampler.history(id)?.since(0) ?? [];
    return samples.map(({ at, rss, cpu, processes }) => ({
      at: new Date(behind + at).toISOString(),
      memory: rss,
      cpu: cpu ?? null,
      processes,
    }));
  }

  async #countOpenFiles(): Promise<void> {
    const uncounted = [...this.#options.sessions()].filter(({ id }) => !this.#openFiles.has(id));
    for (const { id } of uncounted) {
      const count = await countOpenFiles(this.sampler.members(id).map(({ pid }) => pid));
      if (count !== undefined) this.#openFiles.set(id, count);
    }
  }
}
