import { type ErrorCode, HoldfastError } from '../base/errors.ts';
import type { LimitTrip } from '../core/limits.ts';
import { afterHealthyTime, afterLongRest } from '../core/recovery.ts';
import { isGoingOn, isLive, isRunning } from '../core/sessionRecord.ts';
import type { SupervisionSettings } from '../core/supervisionPolicy.ts';
import type { Log } from '../node/log.ts';
import type { HostStatus } from '../protocol/hostMessages.ts';
import type { RecordChanges, SessionRecord } from '../protocol/sessionRecord.ts';
import type { HostSupervisor } from './hostSupervisor.ts';
import type { Registry } from './registry.ts';
import type { Ending, SessionProgress } from './sessionProgress.ts';

/** What a process gets to end by itself once it has reached a limit; milliseconds. */
const graceTime = 5_000;

/** How often at most a record tells of activity: each time it is written to the disk of every window. Milliseconds. */
const activityInterval = 30_000;

/** Another helper serves by now, or the session was destroyed. */
const forbidding = new Set<ErrorCode>(['CONNECTION_LOST', 'SESSION_NOT_FOUND']);

export interface WatchdogOptions {
  registry: Registry;
  supervisor: Pick<HostSupervisor, 'end'>;
  progress: Pick<SessionProgress, 'noteEnding' | 'endingOf'>;
  settings: () => SupervisionSettings;
  log: Log;
  now?: () => Date;
  /** By a monotonic clock; milliseconds. */
  monotonic?: () => number;
}

/** Ends sessions that have reached a limit, and keeps in the records what time has changed. */
export class Watchdog {
  readonly #options: Required<WatchdogOptions>;
  readonly #ending = new Set<string>();
  /** What hosts have said last whose processes are to end, while nobody ends them. */
  readonly #heard = new Map<string, HostStatus>();
  /** Since when sessions rest whose end was seen; by the monotonic clock. */
  readonly #restingSince = new Map<string, number>();

  constructor(options: WatchdogOptions) {
    this.#options = { now: () => new Date(), monotonic: () => performance.now(), ...options };
    const runs = new Set(
      options.registry
        .list()
        .records.filter(isGoingOn)
        .map(({ id }) => id),
    );
    options.registry.onChange(({ record }) => this.#noteRest(record, runs));
  }

  /**
   * Why is in the record before anything is done, so that a helper which comes meanwhile knows it, too; but one that has
   * filled the disk must end for all that. One that does not end is ended again when it is next seen to be over its limit.
   * Never rejects.
   */
  async end(seen: SessionRecord, { kind, what }: LimitTrip): Promise<void> {
    const { id, name } = seen;
    if (this.#ending.has(id)) return;
    this.#ending.add(id);
    this.#heard.delete(id);
    const { supervisor, log } = this.#options;
    try {
      const reason = kind === 'sessionTimeout' || kind === 'idleTimeout' ? 'timeout' : 'limit';
      if (!(await this.#announce(seen, { reason, what }))) return;
      log.warn('A session has reached a limit and is ended', { id, name, what });
      await supervisor.end(id, graceTime);
    } catch (error) {
      log.error('A session that has reached a limit could not be ended', { id, error });
    } finally {
      this.#ending.delete(id);
    }
  }

  /** Takes sessions out of the list that ended long ago; their worktrees stay. Never rejects. */
  async archive(): Promise<void> {
    const { registry, log } = this.#options;
    for (const { id } of registry.list().records.filter(isLive)) {
      await registry
        .apply(id, (record) => this.#afterRest(record))
        .catch((error) => log.warn('A session could not be archived', { id, error }));
    }
  }

  /** Brings the last activity up to date, and forgets attempts that are long past, and ends that came to nothing. */
  async noteHealthy(
    records: readonly SessionRecord[],
    statusOf: (id: string) => HostStatus | undefined,
  ): Promise<void> {
    for (const { id } of records.filter(isRunning)) {
      const status = statusOf(id);
      if (!status) continue;
      await this.#options.registry
        .apply(id, (record) => changesBy(record, status))
        .then((record) => this.#spare(record, status))
        .catch((error) => this.#options.log.debug('A record could not be brought up to date', { id, error }));
    }
  }

  /** Returns whether it is still the process that was over its limit. @throws where it is not for this helper to end */
  async #announce(seen: SessionRecord, { reason, what }: Pick<Ending, 'reason' | 'what'>): Promise<boolean> {
    const { progress, now, log } = this.#options;
    try {
      return await progress.noteEnding(seen, { reason, what, at: now().toISOString() });
    } catch (error) {
      if (error instanceof HoldfastError && forbidding.has(error.code)) throw error;
      log.warn('Why a session is ended could not be written down', { id: seen.id, error });
      return true;
    }
  }

  /**
   * One that could not be ended, and is below its limit by now, is not to end any more, or its own end would count as the
   * limit's. Its host must say so after it was told to end it, and not before: it may have been silent since.
   */
  async #spare(record: SessionRecord, status: HostStatus): Promise<void> {
    const { progress } = this.#options;
    const { id, ptyPid } = record;
    const before = this.#heard.get(id);
    this.#heard.delete(id);
    if (this.#ending.has(id) || ptyPid !== status.ptyPid || !progress.endingOf(record)) return;
    if (before === undefined || before === status || status.stoppingSince !== null) this.#heard.set(id, status);
    else await progress.noteEnding(record, undefined);
  }

  #noteRest(record: SessionRecord, runs: Set<string>): void {
    const { id } = record;
    const hasEnded = runs.has(id) && !isGoingOn(record);
    if (isGoingOn(record)) runs.add(id);
    else runs.delete(id);
    if (hasEnded) this.#restingSince.set(id, this.#options.monotonic());
    if (!isResting(record)) this.#restingSince.delete(id);
    if (!isGoingOn(record)) this.#heard.delete(id);
  }

  #afterRest(record: SessionRecord): RecordChanges | undefined {
    const { settings, now, monotonic } = this.#options;
    const since = this.#restingSince.get(record.id);
    const rest = { now: now(), ...(since === undefined ? {} : { restedFor: monotonic() - since }) };
    return afterLongRest(record, settings(), rest);
  }
}

/** It has ended and is still in the list. */
function isResting(record: SessionRecord): boolean {
  return isLive(record) && !isGoingOn(record) && record.archivedAt === undefined;
}

function changesBy(record: SessionRecord, status: HostStatus): RecordChanges | undefined {
  if (!isRunning(record) || record.ptyPid !== status.ptyPid) return undefined;
  const last = [status.lastOutputAt, status.lastInputAt]
    .filter((at) => typeof at === 'string')
    .sort()
    .at(-1);
  const isLater = last !== undefined && Date.parse(last) - Date.parse(record.lastActivity) >= activityInterval;
  const healthy = afterHealthyTime(record, status.upFor ?? 0);
  if (!isLater && !healthy) return undefined;
  return { ...healthy, ...(isLater ? { lastActivity: last } : {}) };
}
