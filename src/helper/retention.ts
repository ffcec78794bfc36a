import type { SessionRecord } from '../protocol/sessionRecord.ts';

const day = 24 * 3_600_000;

/** How many days the output of a destroyed session is kept. */
const outputDays = 14;

/** How many days a tombstone keeps older replicas from bringing its session back. */
export const tombstoneDays = 30;

/** How long a session has been destroyed, by the clock and by what the helper has seen of it. */
export interface TombstoneAge {
  now: Date;
  /** On how many days its tombstone was seen; a clock that jumps ahead adds one. */
  daysSeen: number;
}

/** Whether the output of a destroyed session has been kept for long enough. */
export function isOutputDue(record: SessionRecord, age: TombstoneAge): boolean {
  return isOlder(record, outputDays, age);
}

/** Whether a destroyed session need not be remembered any more. */
export function isForgettable(record: SessionRecord, age: TombstoneAge): boolean {
  return isOlder(record, tombstoneDays, age);
}

function isOlder({ deletedAt }: SessionRecord, days: number, { now, daysSeen }: TombstoneAge): boolean {
  if (deletedAt === undefined || daysSeen < days) return false;
  return now.getTime() - Date.parse(deletedAt) > days * day;
}
