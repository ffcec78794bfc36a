import { atMost, SingleFlight } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import type { Disposable } from '../base/lifecycle.ts';
import type { CircuitBreaker } from '../core/circuitBreaker.ts';
import { type HealthFacts, isSameHealth, judgeHealth, summarize } from '../core/health.ts';
import { heartbeatInterval } from '../core/heartbeat.ts';
import { judgeLimits, type LimitFacts, type LimitVerdict, type LimitWarning, nextEnd } from '../core/limits.ts';
import { isLive, isRecovering, isRunning } from '../core/sessionRecord.ts';
import { isSettingUp, policyInSetup } from '../core/setup.ts';
import { type EffectivePolicy, effectivePolicy, type SupervisionSettings } from '../core/supervisionPolicy.ts';
import type { Log } from '../node/log.ts';
import type { Liveness } from '../node/processIdentity.ts';
import type { HealthReport, SessionHealth } from '../protocol/health.ts';
import type { KeptSession } from '../protocol/helperRpc.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { FileWatch } from './fileWatch.ts';
import type { HostLinks } from './hostLinks.ts';
import { HostWatch } from './hostWatch.ts';
import type { Leftovers } from './leftovers.ts';
import type { Registry } from './registry.ts';
import type { SessionResources } from './sessionResources.ts';
import type { Watchdog } from './watchdog.ts';

/** How long the disks, and what reads them, are waited for before all sessions are judged; milliseconds. */
const diskTime = 1_000;

/** What happens to several sessions within so long is told in one report; milliseconds. */
const newsPause = 100;

/** After so long it is told also where nothing but figures has changed; milliseconds. */
const reportInterval = 30_000;

export interface HealthMonitorOptions {
  registry: Registry;
  links: Pick<HostLinks, 'get' | 'entries' | 'isUnreachable' | 'noteRoot'>;
  files: Pick<FileWatch, 'look' | 'of'>;
  watchdog: Pick<Watchdog, 'end' | 'noteHealthy'>;
  breaker: CircuitBreaker;
  settings: () => SupervisionSettings;
  resources: Pick<SessionResources, 'look' | 'use'>;
  leftovers: Pick<Leftovers, 'look' | 'told' | 'countOf'>;
  /** Whether the host that a session's file names lives. */
  hostState: (id: string) => Promise<Liveness>;
  log: Log;
  /** By a monotonic clock; milliseconds. */
  monotonic?: () => number;
  now?: () => Date;
  /** Milliseconds. */
  interval?: number;
}

/** Looks after the health of all sessions: asks their hosts, judges what is known, and tells what has changed. */
export class HealthMonitor {
  readonly #options: Required<HealthMonitorOptions>;
  readonly #hosts: HostWatch;
  readonly #health = new Map<string, SessionHealth>();
  readonly #onChange = new Emitter<HealthReport>();
  /** Something is to be told anew. */
  readonly onChange = this.#onChange.event;
  readonly #onLook = new Emitter<void>();
  /** All hosts were asked, as far as they answer. */
  readonly onLook = this.#onLook.event;
  #timer: NodeJS.Timeout | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;
  readonly #looking = new SingleFlight(() => this.#look());
  readonly #leftovers = new SingleFlight(() => this.#options.leftovers.look());
  /** It writes to the disk once for each session, which may take longer than many looks. */
  readonly #noting = new SingleFlight(() => this.#noteHealthy());
  readonly #changes: Disposable;
  /** Something has happened that is told when it is due. */
  #news: NodeJS.Timeout | undefined;

  constructor(options: HealthMonitorOptions) {
    this.#options = {
      monotonic: () => performance.now(),
      now: () => new Date(),
      interval: heartbeatInterval,
      ...options,
    };
    this.#hosts = new HostWatch(this.#options);
    this.#changes = options.registry.onChange(({ record }) => this.#judgeAgain(record));
  }

  start(): void {
    const { interval } = this.#options;
    this.#hosts.start(interval);
    this.#timer = setInterval(() => void this.look(), interval);
    void this.look();
  }

  dispose(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#news);
    this.#changes.dispose();
    this.#hosts.dispose();
  }

  /** How all sessions are, as far as it was looked at. */
  report(): HealthReport {
    const { registry, breaker, leftovers, now } = this.#options;
    const { records } = registry.list();
    const sessions = records.filter(isLive).map((record) => this.#health.get(record.id) ?? this.#judge(record));
    const isAwaited = records.some((record) => isLive(record) && isRecovering(record));
    const held = isAwaited && breaker.state.kind === 'open' ? { startsHeld: breaker.state.why } : {};
    return { at: now().toISOString(), ...summarize(records, sessions), sessions, ...leftovers.told(), ...held };
  }

  /** Whether a session's host has said how long its process has run; it is asked where it has not. */
  isHeard(id: string): Promise<boolean> {
    return this.#hosts.isHeard(this.#options.registry.require(id));
  }

  /** What is noted of a session that has told of itself: its idle time, where that has a limit, counts anew. */
  activityOf(record: SessionRecord): Pick<SessionRecord, 'countsFrom'> {
    const now = this.#hosts.livingSigns(record)?.runningFor(this.#options.monotonic());
    const isCounted = isRunning(record) && this.#policyOf(record).idleTimeout > 0;
    return isCounted && now !== undefined ? { countsFrom: { ...record.countsFrom, idleTimeout: now } } : {};
  }

  /** When the process that runs last printed something, by the monotonic clock, milliseconds; undefined where unknown. */
  lastOutput(record: SessionRecord): number | undefined {
    const { monotonic } = this.#options;
    const quietFor = this.#hosts.livingSigns(record)?.quietFor(monotonic());
    return quietFor === undefined ? undefined : monotonic() - quietFor;
  }

  /** Whether sessions are started by themselves has changed, which no record tells. */
  noteStarts(): void {
    this.#noteNews();
  }

  /**
   * The user wants a session to go on: the time limits that are near, and that for doing nothing, count anew.
   *
   * @param startedAt of the process that is meant
   * @throws {HoldfastError} `SESSION_NOT_FOUND`, `SESSION_NOT_RUNNING`; `TIMEOUT` where its host does not answer
   */
  async keepRunning(id: string, startedAt: string | undefined): Promise<KeptSession> {
    const { registry, monotonic } = this.#options;
    requireGoingOn(registry.require(id), startedAt);
    if (!(await this.#hosts.isHeard(registry.require(id)))) throw silentHost(registry.require(id));
    const kept = await registry.apply(id, (record) => {
      requireGoingOn(record, startedAt);
      const now = this.#hosts.livingSigns(record)?.runningFor(monotonic());
      if (now === undefined) return undefined;
      const near = this.#warnings(record).flatMap(({ endsBy }) => (endsBy ? [[endsBy, now]] : []));
      return { countsFrom: { ...record.countsFrom, idleTimeout: now, ...Object.fromEntries(near) } };
    });
    return nextEnd(kept, this.#policyOf(kept), this.#currentFacts(kept));
  }

  /** One look at all sessions; a look that is under way is not followed by another. */
  look(): Promise<void> {
    return this.#looking.run();
  }

  async #look(): Promise<void> {
    try {
      await this.#hosts.askAll();
      await this.#hosts.seek(this.#options.registry.list().records.filter((one) => isLive(one) && isRunning(one)));
      this.#onLook.fire();
      await this.#options.resources.look();
      await atMost(diskTime, this.#options.files.look());
      await atMost(diskTime, this.#leftovers.run());
      this.#judgeAll();
    } catch (error) {
      this.#options.log.error('The sessions could not be looked at', { error });
    }
  }

  #judgeAll(): void {
    const { registry, watchdog } = this.#options;
    const records = registry.list().records.filter(isLive);
    this.#forgetOthers(new Set(records.map(({ id }) => id)));
    for (const record of records) {
      const trip = this.#limits(record).trip;
      if (trip) void watchdog.end(record, trip);
      if (this.#update(record)) this.#noteNews();
    }
    void this.#noting.run();
    const isDue = this.#options.monotonic() - this.#toldAt >= reportInterval;
    if (isDue || this.#news !== undefined) this.#tell();
  }

  #noteHealthy(): Promise<void> {
    const { registry, watchdog } = this.#options;
    return watchdog.noteHealthy(registry.list().records.filter(isLive), (id) => this.#hosts.signs(id).status);
  }

  /** What happens to a session is told soon, and not only at the next look. */
  #judgeAgain(record: SessionRecord): void {
    const isNews = isLive(record) ? this.#update(record) : this.#health.delete(record.id);
    if (isNews) this.#noteNews();
  }

  #noteNews(): void {
    this.#news ??= setTimeout(() => this.#tell(), newsPause);
  }

  #tell(): void {
    clearTimeout(this.#news);
    this.#news = undefined;
    this.#toldAt = this.#options.monotonic();
    this.#onChange.fire(this.report());
  }

  /** Returns whether there is something to be told. */
  #update(record: SessionRecord): boolean {
    const before = this.#health.get(record.id);
    const health = this.#judge(record);
    this.#health.set(record.id, health);
    return before === undefined || !isSameHealth(before, health);
  }

  #judge(record: SessionRecord): SessionHealth {
    return judgeHealth(record, this.#factsOf(record));
  }

  #factsOf(record: SessionRecord): HealthFacts {
    const { files, settings, now, leftovers, links } = this.#options;
    return {
      now: now(),
      staleAfter: settings().staleAfter,
      isUnreachable: links.isUnreachable(record.id),
      ...files.of(record.id),
      leftBehind: leftovers.countOf(record.id),
      ...this.#hosts.facts(record),
      ...this.#use(record),
      warnings: this.#warnings(record),
    };
  }

  #use({ id }: SessionRecord): Pick<HealthFacts, 'use' | 'process'> {
    const use = this.#options.links.get(id) && this.#options.resources.use(id);
    if (use === undefined) return {};
    return use.processes === 0 ? { use, process: 'gone' } : { use };
  }

  /** By what is certain: what a host that is silent has done since its last answer nobody knows. */
  #limits(record: SessionRecord): LimitVerdict {
    const signs = this.#hosts.signs(record.id);
    const facts = { now: this.#options.now(), ...this.#limitFacts(record) };
    const verdict = judgeLimits(record, this.#policyOf(record), facts, signs.streaks);
    signs.streaks = verdict.streaks;
    return verdict;
  }

  #warnings(record: SessionRecord): LimitWarning[] {
    return judgeLimits(record, this.#policyOf(record), this.#currentFacts(record)).warnings;
  }

  #currentFacts(record: SessionRecord): LimitFacts {
    return { now: this.#options.now(), ...this.#limitFacts(record, this.#options.monotonic()) };
  }

  #limitFacts(record: SessionRecord, now?: number): Omit<LimitFacts, 'now'> {
    const use = this.#options.resources.use(record.id);
    return this.#hosts.livingSigns(record)?.facts(use, now) ?? (use === undefined ? {} : { use });
  }

  #policyOf(record: SessionRecord): EffectivePolicy {
    const policy = effectivePolicy(record.policy, this.#options.settings().policy);
    return isSettingUp(record) ? policyInSetup(policy, record) : policy;
  }

  #forgetOthers(known: ReadonlySet<string>): void {
    for (const id of [...this.#health.keys()].filter((other) => !known.has(other))) this.#health.delete(id);
    this.#hosts.forgetOthers(known);
  }
}

/** Whether there is still something to be kept: a process that was told to end is not. */
function requireGoingOn(record: SessionRecord, startedAt = record.startedAt): void {
  const { id, name, ending } = record;
  if (isRunning(record) && ending === undefined && record.startedAt === startedAt) return;
  throw new HoldfastError('SESSION_NOT_RUNNING', `“${name}” has ended already.`, {
    advice: 'Restart it to go on.',
    data: { id },
  });
}

function silentHost({ id, name }: SessionRecord): HoldfastError {
  return new HoldfastError('TIMEOUT', `The session host of “${name}” does not answer, and nothing was changed.`, {
    advice: 'Try again.',
    data: { id },
  });
}
