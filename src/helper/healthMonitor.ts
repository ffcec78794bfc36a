import { delay } from '../base/async.ts';
import { Emitter } from '../base/event.ts';
import type { HostClient } from '../client/hostClient.ts';
import type { CircuitBreaker } from '../core/circuitBreaker.ts';
import { type HealthFacts, isSameHealth, judgeHealth, summarize } from '../core/health.ts';
import { HeartbeatMonitor, heartbeatInterval } from '../core/heartbeat.ts';
import { judgeLimits, type LimitWarning } from '../core/limits.ts';
import { isLive, isRunning } from '../core/sessionRecord.ts';
import { effectivePolicy, type SupervisionSettings } from '../core/supervisionPolicy.ts';
import type { Log } from '../node/log.ts';
import type { Liveness } from '../node/processIdentity.ts';
import type { HealthReport, SessionHealth } from '../protocol/health.ts';
import type { HostStatus } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { FileWatch } from './fileWatch.ts';
import type { HostLinks } from './hostLinks.ts';
import type { Leftovers } from './leftovers.ts';
import type { Registry } from './registry.ts';
import type { SessionResources } from './sessionResources.ts';
import { SessionSigns } from './sessionSigns.ts';
import type { Watchdog } from './watchdog.ts';

/** How long the hosts’ answers are waited for before all are judged; milliseconds. */
const answerTime = 1_000;

/** After so long it is told also where nothing but figures has changed; milliseconds. */
const reportInterval = 30_000;

export interface HealthMonitorOptions {
  registry: Registry;
  links: HostLinks;
  files: FileWatch;
  watchdog: Watchdog;
  breaker: CircuitBreaker;
  settings: () => SupervisionSettings;
  resources: Pick<SessionResources, 'look' | 'use'>;
  leftovers: Pick<Leftovers, 'look' | 'list' | 'countOf'>;
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
  readonly #heartbeats = new HeartbeatMonitor();
  readonly #signs = new Map<string, SessionSigns>();
  readonly #health = new Map<string, SessionHealth>();
  /** Of the sessions that run and are not connected. */
  readonly #hosts = new Map<string, Liveness>();
  readonly #onChange = new Emitter<HealthReport>();
  /** Something is to be told anew; at most once in each look. */
  readonly onChange = this.#onChange.event;
  #timer: NodeJS.Timeout | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;
  #isLooking = false;

  constructor(options: HealthMonitorOptions) {
    this.#options = {
      monotonic: () => performance.now(),
      now: () => new Date(),
      interval: heartbeatInterval,
      ...options,
    };
    options.registry.onChange(({ record }) => this.#judgeAgain(record));
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), this.#options.interval);
    void this.look();
  }

  dispose(): void {
    clearInterval(this.#timer);
  }

  /** How all sessions are, as far as it was looked at. */
  report(): HealthReport {
    const { registry, breaker, leftovers, now } = this.#options;
    const { records } = registry.list();
    const sessions = records.filter(isLive).map((record) => this.#health.get(record.id) ?? this.#judge(record));
    const held = breaker.state.kind === 'open' ? { startsHeld: breaker.state.why } : {};
    return { at: now().toISOString(), ...summarize(records, sessions), sessions, leftovers: leftovers.list(), ...held };
  }

  /** The user wants a session to go on that is about to be ended for doing nothing. */
  keepRunning(id: string): void {
    this.#signsOf(id).keptAt = this.#options.monotonic();
  }

  /** One look at all sessions; a look that is under way is not followed by another. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      this.#heartbeats.beat(this.#options.monotonic());
      await this.#askAll();
      await this.#seekHosts();
      await this.#options.resources.look();
      await this.#options.files.look();
      await this.#options.leftovers.look();
      await this.#judgeAll();
    } catch (error) {
      this.#options.log.error('The sessions could not be looked at', { error });
    } finally {
      this.#isLooking = false;
    }
  }

  async #askAll(): Promise<void> {
    const enough = new AbortController();
    const asked = this.#options.links.entries().map(([id, link]) => this.#ask(id, link));
    const late = delay(answerTime, enough.signal).catch(() => undefined);
    await Promise.race([Promise.all(asked), late]).finally(() => enough.abort());
  }

  /** Of a session that is said to run and has no connection it is known by its pid alone whether its host lives. */
  async #seekHosts(): Promise<void> {
    const { registry, links, hostState } = this.#options;
    this.#hosts.clear();
    const running = registry.list().records.filter((record) => isLive(record) && isRunning(record));
    for (const { id } of running.filter((record) => !links.get(record.id))) this.#hosts.set(id, await hostState(id));
  }

  /** A host that does not answer is not asked again before its last chance to has passed. */
  async #ask(id: string, link: HostClient): Promise<void> {
    const signs = this.#signsOf(id);
    if (signs.isAsked) return;
    const { monotonic, log } = this.#options;
    if (this.#heartbeats.silence(id, monotonic()) === undefined) this.#heartbeats.answered(id, monotonic());
    signs.isAsked = true;
    try {
      const status = await link.status();
      signs.hear(status, monotonic());
      this.#options.links.noteRoot(id, status);
      this.#heartbeats.answered(id, monotonic());
    } catch (error) {
      log.debug('A host did not answer', { id, error });
    } finally {
      signs.isAsked = false;
    }
  }

  async #judgeAll(): Promise<void> {
    const { registry, watchdog } = this.#options;
    const records = registry.list().records.filter(isLive);
    this.#forgetOthers(new Set(records.map(({ id }) => id)));
    let isNews = false;
    for (const record of records) {
      const trip = this.#limits(record).trip;
      if (trip) void watchdog.end(record, trip);
      isNews = this.#update(record) || isNews;
    }
    await watchdog.noteHealthy(records, (id) => this.#signs.get(id)?.status);
    const isDue = this.#options.monotonic() - this.#toldAt >= reportInterval;
    if (isNews || isDue) this.#tell();
  }

  #tell(): void {
    this.#toldAt = this.#options.monotonic();
    this.#onChange.fire(this.report());
  }

  /** What happens to a session between two looks is told at once. */
  #judgeAgain(record: SessionRecord): void {
    const isNews = isLive(record) ? this.#update(record) : this.#health.delete(record.id);
    if (isNews && !this.#isLooking) this.#tell();
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
    const { links, files, settings, now, monotonic, resources, leftovers } = this.#options;
    const { id } = record;
    const { status: last } = this.#signs.get(id) ?? {};
    // What was heard of an earlier life says nothing about this one.
    const status = last?.ptyPid === record.ptyPid ? last : undefined;
    const host = this.#hosts.get(id);
    const isLinked = links.get(id) !== undefined;
    const silence = isLinked ? this.#heartbeats.silence(id, monotonic()) : undefined;
    const quietFor = this.#signs.get(id)?.quietFor(monotonic());
    const used = isLinked ? resources.use(id) : undefined;
    return {
      now: now(),
      staleAfter: settings().staleAfter,
      isUnreachable: links.isUnreachable(id),
      ...files.of(id),
      leftBehind: leftovers.countOf(id),
      ...(host === undefined ? {} : { host }),
      ...(used?.processes === 0 ? { process: 'gone' as const } : {}),
      ...(silence === undefined ? {} : { silence }),
      ...(isLinked && status ? pickStatus(status) : {}),
      ...(isLinked && quietFor !== undefined ? { quietFor } : {}),
      ...(used === undefined ? {} : { use: used }),
      warnings: this.#warnings(record),
    };
  }

  #limits(record: SessionRecord) {
    const { settings, resources, now, monotonic } = this.#options;
    const signs = this.#signsOf(record.id);
    const facts = { now: now(), ...signs.facts(monotonic(), resources.use(record.id)) };
    const verdict = judgeLimits(record, effectivePolicy(record.policy, settings().policy), facts, signs.streaks);
    signs.streaks = verdict.streaks;
    return verdict;
  }

  #warnings(record: SessionRecord): LimitWarning[] {
    const { settings, resources, now, monotonic } = this.#options;
    const facts = { now: now(), ...this.#signs.get(record.id)?.facts(monotonic(), resources.use(record.id)) };
    return judgeLimits(record, effectivePolicy(record.policy, settings().policy), facts).warnings;
  }

  #signsOf(id: string): SessionSigns {
    const known = this.#signs.get(id) ?? new SessionSigns();
    this.#signs.set(id, known);
    return known;
  }

  #forgetOthers(known: ReadonlySet<string>): void {
    for (const id of [...this.#signs.keys()].filter((other) => !known.has(other))) {
      this.#signs.delete(id);
      this.#health.delete(id);
      this.#heartbeats.forget(id);
    }
  }
}

function pickStatus({
  lastOutputAt,
  inputPendingSince = null,
  stoppingSince = null,
}: HostStatus): Partial<HealthFacts> {
  return { host: 'alive', lastOutputAt, inputPendingSince, stoppingSince };
}
