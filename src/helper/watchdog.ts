import type { LimitTrip } from '../core/limits.ts';
import { afterHealthyTime, afterLongRest } from '../core/recovery.ts';
import { isLive, isRunning } from '../core/sessionRecord.ts';
import type { SupervisionSettings } from '../core/supervisionPolicy.ts';
import type { Log } from '../node/log.ts';
import type { HostStatus } from '../protocol/hostMessages.ts';
import type { RecordChanges, SessionRecord } from '../protocol/sessionRecord.ts';
import type { HostSupervisor } from './hostSupervisor.ts';
import type { Registry } from './registry.ts';

/** What a process gets to end by itself once it has reached a limit; milliseconds. */
const graceTime = 5_000;

/** How often at most a record tells of activity: each time it is written to the disk of every window. Milliseconds. */
const activityInterval = 30_000;

export interface WatchdogOptions {
  registry: Registry;
  supervisor: Pick<HostSupervisor, 'end'>;
  settings: () => SupervisionSettings;
  log: Log;
}

/** Ends sessions that have reached a limit, and keeps in the records what time has changed. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #ending = new Set<string>();

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  /** Why is in the record before anything is done, so that a helper which comes meanwhile knows it, too. Never rejects. */
  async end({ id, name }: SessionRecord, { kind, what }: LimitTrip): Promise<void> {
    if (this.#ending.has(id)) return;
    this.#ending.add(id);
    const { registry, supervisor, log } = this.#options;
    try {
      const reason = kind === 'sessionTimeout' || kind === 'idleTimeout' ? 'timeout' : 'limit';
      const ending = { reason, what, at: new Date().toISOString() } as const;
      log.warn('A session has reached a limit and is ended', { id, name, what });
      await registry.apply(id, (record) => (isRunning(record) ? { ending } : undefined));
      await supervisor.end(id, graceTime);
    } catch (error) {
      log.error('A session that has reached a limit could not be ended', { id, error });
    } finally {
      this.#ending.delete(id);
    }
  }

  /** Takes sessions out of the list that ended long ago; their worktrees stay. Never rejects. */
  async archive(now = new Date()): Promise<void> {
    const { registry, settings, log } = this.#options;
    for (const { id } of registry.list().records.filter(isLive)) {
      await registry
        .apply(id, (record) => afterLongRest(record, settings(), { now }))
        .catch((error) => log.warn('A session could not be archived', { id, error }));
    }
  }

  /** Brings the last activity up to date, and forgets attempts that are long past. */
  async noteHealthy(
    records: readonly SessionRecord[],
    statusOf: (id: string) => HostStatus | undefined,
  ): Promise<void> {
    for (const { id } of records.filter(isRunning)) {
      const status = statusOf(id);
      if (!status) continue;
      await this.#options.registry
        .apply(id, (record) => changesBy(record, status))
        .catch((error) => this.#options.log.debug('A record could not be brought up to date', { id, error }));
    }
  }
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
