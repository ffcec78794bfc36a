import type { ResourceUse } from '../protocol/health.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { until } from './moments.ts';

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
