import { isLater } from '../core/processFacts.ts';
import { isLive, isRunning } from '../core/sessionRecord.ts';
import type { Log } from '../node/log.ts';
import { identityOf, keyOf, type ProcessRef } from '../node/processEnd.ts';
import { liveness } from '../node/processIdentity.ts';
import {
  findAllSessionProcesses,
  findSessionProcesses,
  readCommand,
  type SessionProcess,
} from '../node/sessionProcesses.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { HostLinks } from './hostLinks.ts';
import type { Registry } from './registry.ts';
import type { ResourceSampler } from './resourceSampler.ts';

/** What is remembered of one session, at most: each is looked at now and then. */
const maxRemembered = 200;

export interface LeftProcessesOptions {
  registry: Registry;
  links: Pick<HostLinks, 'inTurn' | 'roots'>;
  sampler: Pick<ResourceSampler, 'members'>;
  /** Whether a process of the session runs, or may. */
  mayRun: (id: string) => boolean;
  log: Log;
}

export interface LeftProcess extends ProcessRef {
  /** Empty where the system does not tell. */
  command: string;
  /** It was killed, and lives. */
  isStubborn?: true;
}

/** The processes that sessions have left behind, each remembered until it is gone, whatever its session does since. */
export class LeftProcesses {
  readonly #options: LeftProcessesOptions;
  readonly #left = new Map<string, readonly LeftProcess[]>();
  readonly #running: Set<string>;
  /** The looks at what sessions have left that are under way. */
  readonly #notes = new Set<Promise<void>>();
  #isDisposed = false;

  constructor(options: LeftProcessesOptions) {
    this.#options = options;
    const { records } = options.registry.list();
    this.#running = new Set(records.filter(runs).map(({ id }) => id));
    options.registry.onChange(({ record }) => this.#follow(record));
  }

  /** The sessions that have left some, or had a moment ago. */
  sessions(): string[] {
    return [...this.#left.keys()];
  }

  /** Those of a session, without what belongs to the life that it has now. */
  of(id: string): readonly LeftProcess[] {
    const left = this.#left.get(id) ?? [];
    if (!this.#running.has(id)) return left;
    const own = new Set(this.#options.sampler.members(id).map(keyOf));
    return left.filter((one) => !own.has(keyOf(one)));
  }

  /** Resolves once what was left before this call is known; never rejects. */
  async noted(): Promise<void> {
    await Promise.all(this.#notes);
  }

  /** Forgets those that are gone; all are asked about at once, so that they share a look that costs a process. */
  async look(): Promise<void> {
    await Promise.all(
      [...this.#left].map(async ([id, left]) => {
        const states = await statesOf(left);
        const gone = new Set(left.filter((_, index) => states[index] === 'gone').map(keyOf));
        this.#set(
          id,
          (this.#left.get(id) ?? []).filter((one) => !gone.has(keyOf(one))),
        );
      }),
    );
  }

  /** Looks once, for all of them, for what sessions had left before this helper began; never rejects. */
  async recall(): Promise<void> {
    const { registry, links, log } = this.#options;
    try {
      const marked = (await findAllSessionProcesses()) ?? new Map<string, SessionProcess[]>();
      for (const [id, processes] of marked) {
        const record = registry.get(id);
        if (this.#isDisposed) return;
        if (!record || !isLive(record)) continue;
        // In turn, so that it is known which are of the life that it has now.
        await this.#remember(id, await links.inTurn(id, async () => this.#earlier(id, processes)));
      }
    } catch (error) {
      log.warn('What sessions left behind could not be looked for', { error });
    }
  }

  /** Those that are not of the life that the session has now, if any. */
  #earlier(id: string, processes: readonly ProcessRef[]): readonly ProcessRef[] {
    const { links, mayRun } = this.#options;
    const root = links.roots().find((one) => one.id === id);
    if (root) return processes.filter(({ startTime }) => isLater(root.startTime, startTime));
    return mayRun(id) ? [] : processes;
  }

  /** Those that were killed with a session and live nevertheless; never rejects. */
  async noteStubborn(id: string, processes: readonly ProcessRef[]): Promise<void> {
    try {
      await this.#remember(
        id,
        processes.map((one) => ({ ...one, isStubborn: true as const })),
      );
    } catch (error) {
      this.#options.log.warn('What does not end could not be looked at', { id, error });
    }
  }

  dispose(): void {
    this.#isDisposed = true;
  }

  #follow(record: SessionRecord): void {
    if (runs(record)) this.#running.add(record.id);
    // Those that were seen are asked for now, for the sampler begins anew once the session is started again.
    else if (this.#running.delete(record.id)) void this.#note(record.id, this.#options.sampler.members(record.id));
  }

  #note(id: string, seen: readonly ProcessRef[]): Promise<void> {
    const note = this.#look(id, seen).finally(() => this.#notes.delete(note));
    this.#notes.add(note);
    return note;
  }

  /** Those that were seen to descend from it, and those that have its id: a daemon may be quicker than a look. */
  async #look(id: string, seen: readonly ProcessRef[]): Promise<void> {
    try {
      await this.#remember(id, [...(await this.#marked(id)), ...seen]);
    } catch (error) {
      this.#options.log.warn('What a session left behind could not be looked for', { id, error });
    }
  }

  /** In turn, so that no next life of the session begins meanwhile, whose processes have the same mark. */
  #marked(id: string): Promise<readonly ProcessRef[]> {
    const { links, mayRun } = this.#options;
    return links.inTurn(id, async () => (mayRun(id) ? [] : ((await findSessionProcesses(id)) ?? [])));
  }

  async #remember(id: string, processes: readonly (ProcessRef & Pick<LeftProcess, 'isStubborn'>)[]): Promise<void> {
    // The command first: where the very process lives after that, it is its own.
    const named = await Promise.all(
      processes.map(async ({ pid, startTime, isStubborn }) => ({
        pid,
        startTime,
        command: (await readCommand(pid))?.join(' ') ?? '',
        ...(isStubborn ? { isStubborn } : {}),
      })),
    );
    const states = await statesOf(named);
    const news = named.filter((_, index) => states[index] === 'alive');
    const all = distinct([...news, ...(this.#left.get(id) ?? [])]);
    if (all.length > maxRemembered)
      this.#options.log.warn('A session left more behind than is remembered', { id, processes: all.length });
    this.#set(id, all.slice(0, maxRemembered));
  }

  #set(id: string, left: readonly LeftProcess[]): void {
    if (left.length > 0) this.#left.set(id, left);
    else this.#left.delete(id);
  }
}

function runs(record: SessionRecord): boolean {
  return isLive(record) && isRunning(record);
}

function statesOf(processes: readonly ProcessRef[]) {
  return Promise.all(processes.map(async (one) => liveness(await identityOf(one))));
}

/** Of several that are the same the first; that one was once seen to be stubborn stays. */
function distinct(processes: readonly LeftProcess[]): LeftProcess[] {
  const found = new Map<string, LeftProcess>();
  for (const one of processes) {
    const first = found.get(keyOf(one));
    found.set(keyOf(one), first ? { ...one, ...first } : one);
  }
  return [...found.values()];
}
