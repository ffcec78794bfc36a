import { atMost, SingleFlight } from '../base/async.ts';
import type { HostClient } from '../client/hostClient.ts';
import type { HealthFacts } from '../core/health.ts';
import { HeartbeatMonitor } from '../core/heartbeat.ts';
import type { Log } from '../node/log.ts';
import type { Liveness } from '../node/processIdentity.ts';
import type { HostStatus } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { HostLinks } from './hostLinks.ts';
import { SessionSigns } from './sessionSigns.ts';

/** How long the hosts’ answers are waited for before all are judged; milliseconds. */
const answerTime = 1_000;

export interface HostWatchOptions {
  links: Pick<HostLinks, 'get' | 'entries' | 'noteRoot'>;
  /** Whether the host that a session's file names lives. */
  hostState: (id: string) => Promise<Liveness>;
  log: Log;
  /** By a monotonic clock; milliseconds. */
  monotonic: () => number;
}

/** Asks the session hosts how they are, and knows what they have said last. */
export class HostWatch {
  readonly #options: HostWatchOptions;
  readonly #heartbeats = new HeartbeatMonitor();
  readonly #signs = new Map<string, SessionSigns>();
  /** Of the sessions that run and are not connected: of which process’s host, and whether that lives. */
  readonly #states = new Map<string, { ptyPid: number | undefined; host: Liveness }>();
  readonly #asking = new SingleFlight(() => this.#askAll());
  #beats: NodeJS.Timeout | undefined;

  constructor(options: HostWatchOptions) {
    this.#options = options;
  }

  /** Asks at every beat, however long other looks take: hosts that nobody asks would seem silent, and silent ones not. */
  start(interval: number): void {
    this.#beats = setInterval(() => void this.askAll(), interval);
  }

  dispose(): void {
    clearInterval(this.#beats);
  }

  /** Asks all hosts how they are, and waits for their answers only so long. */
  askAll(): Promise<void> {
    return this.#asking.run();
  }

  async #askAll(): Promise<void> {
    this.#heartbeats.beat(this.#options.monotonic());
    const links = this.#options.links.entries();
    await atMost(answerTime, Promise.all(links.map(([id, link]) => this.#ask(id, link))));
  }

  /** Of a session that is said to run and has no connection it is known by its pid alone whether its host lives. */
  async seek(running: readonly SessionRecord[]): Promise<void> {
    this.#states.clear();
    const unlinked = running.filter(({ id }) => !this.#options.links.get(id));
    await atMost(answerTime, Promise.all(unlinked.map((record) => this.#seek(record))));
  }

  async #seek({ id, ptyPid }: SessionRecord): Promise<void> {
    this.#states.set(id, { ptyPid, host: await this.#options.hostState(id).catch(() => 'unknown' as const) });
  }

  /** What was last seen of a session, be it of this life or of an earlier one. */
  signs(id: string): SessionSigns {
    const known = this.#signs.get(id) ?? new SessionSigns();
    this.#signs.set(id, known);
    return known;
  }

  /** What is known of its host; without a connection only whether it lives, and nothing by one to an earlier life. */
  facts(record: SessionRecord): Partial<HealthFacts> {
    const { links, monotonic } = this.#options;
    const { id } = record;
    const link = links.get(id);
    const signs = this.#signs.get(id);
    if (link === undefined) return this.#stateOf(record);
    if (signs?.link !== link) return {};
    const living = this.livingSigns(record);
    const silence = this.#heartbeats.silence(id, monotonic());
    const quietFor = living?.quietFor(monotonic());
    return {
      ...(silence === undefined ? {} : { silence }),
      ...(living?.status ? pickStatus(living.status) : {}),
      ...(quietFor === undefined ? {} : { quietFor }),
    };
  }

  /** That the host of an earlier process was gone says nothing of one that is just being connected. */
  #stateOf({ id, ptyPid }: SessionRecord): Partial<HealthFacts> {
    const known = this.#states.get(id);
    return known === undefined || known.ptyPid !== ptyPid ? {} : { host: known.host };
  }

  /** What an earlier process of the session did says nothing of the one that runs. */
  livingSigns({ id, ptyPid }: SessionRecord): SessionSigns | undefined {
    const signs = this.#signs.get(id);
    return signs?.status !== undefined && signs.status.ptyPid === ptyPid ? signs : undefined;
  }

  /** Whether anything is known of its process; one that was not heard yet is asked, and waited for only so long. */
  async isHeard(record: SessionRecord): Promise<boolean> {
    const link = this.#options.links.get(record.id);
    const asked = async (host: HostClient) => {
      await this.#ask(record.id, host);
      await this.signs(record.id).asking;
    };
    if (!this.livingSigns(record) && link) await atMost(answerTime, asked(link));
    return this.livingSigns(record) !== undefined;
  }

  forgetOthers(known: ReadonlySet<string>): void {
    for (const id of [...this.#signs.keys()].filter((other) => !known.has(other))) {
      this.#signs.delete(id);
      this.#heartbeats.forget(id);
    }
  }

  /** A host that does not answer is not asked again before its last chance to has passed. */
  async #ask(id: string, link: HostClient): Promise<void> {
    const signs = this.signs(id);
    if (signs.link !== link) this.#begin(id, signs, link);
    if (signs.asking) return;
    signs.asking = this.#hear(id, signs, link);
    await signs.asking;
  }

  async #hear(id: string, signs: SessionSigns, link: HostClient): Promise<void> {
    try {
      const status = await link.status();
      if (signs.link === link) this.#heard(id, signs, status);
    } catch (error) {
      this.#options.log.debug('A host did not answer', { id, error });
    } finally {
      if (signs.link === link) signs.asking = undefined;
    }
  }

  /** A host that was just connected has not missed anything. */
  #begin(id: string, signs: SessionSigns, link: HostClient): void {
    signs.link = link;
    signs.asking = undefined;
    signs.streaks = {};
    this.#heartbeats.answered(id, this.#options.monotonic());
  }

  #heard(id: string, signs: SessionSigns, status: HostStatus): void {
    const now = this.#options.monotonic();
    signs.hear(status, now);
    this.#options.links.noteRoot(id, status);
    this.#heartbeats.answered(id, now);
  }
}

function pickStatus({
  pid: hostPid,
  lastOutputAt,
  inputPendingSince = null,
  inputPendingFor,
  stoppingSince = null,
}: HostStatus): Partial<HealthFacts> {
  const pendingFor = inputPendingFor === undefined ? {} : { inputPendingFor };
  return { host: 'alive', hostPid, lastOutputAt, inputPendingSince, ...pendingFor, stoppingSince };
}
