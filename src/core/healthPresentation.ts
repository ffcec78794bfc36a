import type { HealthReport, HealthState, ResourceUse, SessionHealth } from '../protocol/health.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { rank } from './health.ts';
import { until } from './moments.ts';
import { isRecovering } from './sessionRecord.ts';

/** “312 MB”, “1.4 GB”. */
export function describeBytes(bytes: number): string {
  const megabytes = bytes / (1024 * 1024);
  if (megabytes < 10) return `${megabytes.toFixed(1)} MB`;
  return megabytes < 1000 ? `${Math.round(megabytes)} MB` : `${(megabytes / 1024).toFixed(1)} GB`;
}

/** “312 MB, 4 % of a core, 3 processes”. */
export function describeUse({ memory, cpu, processes }: ResourceUse): string {
  return `${describeBytes(memory)}, ${Math.round(cpu)} % of a core, ${processes} process${processes === 1 ? '' : 'es'}`;
}

/** “attempt 2 of 3 in 12 s” of a session that waits for its next automatic restart. */
export function describeRetry({ attempts, recovery }: SessionRecord, maxAttempts: number, now: Date): string {
  const when = recovery?.retryAt === undefined ? 'now' : until(recovery.retryAt, now);
  // The limit may have been lowered since.
  return `attempt ${attempts} of ${Math.max(attempts, maxAttempts)} ${when}`;
}

/** What is told of a session beside its status: that it is stale, say; undefined where nothing is wrong. */
export function ailment(record: SessionRecord, health: SessionHealth | undefined): HealthState | undefined {
  if (!health || health.state === 'healthy' || health.status !== record.status) return undefined;
  // That it is being recovered says more.
  return isRecovering(record) && health.state === 'lost' ? undefined : health.state;
}

/** Worst first: the sessions that somebody should look at, with why, as “login: its host does not answer”. */
export interface Complaint {
  id: string;
  state: HealthState;
  text: string;
}

export function complaints(report: HealthReport | undefined): Complaint[] {
  return (report?.sessions ?? [])
    .filter(({ state }) => state !== 'healthy')
    .sort((a, b) => rank(b.state) - rank(a.state))
    .map(({ id, name, state, evidence: [first] }) => ({ id, state, text: first ? `${name}: ${first.what}` : name }));
}

/** “1 unresponsive, 2 stale”, worst first; empty where all are healthy. */
export function countComplaints(told: readonly Pick<Complaint, 'state'>[]): string {
  const states = [...new Set(told.map(({ state }) => state))].sort((a, b) => rank(b) - rank(a));
  return states.map((state) => `${told.filter((one) => one.state === state).length} ${state}`).join(', ');
}
