import type { SessionRecord } from '../protocol/sessionRecord.ts';

const day = 24 * 3_600_000;

/** How long the output of a destroyed session is kept; milliseconds. */
const outputAge = 14 * day;

/** How long a tombstone keeps older replicas from bringing its session back; milliseconds. */
const tombstoneAge = 30 * day;

/** Whether the output of a destroyed session has been kept for long enough. */
export function isOutputDue(record: SessionRecord, now: Date): boolean {
  return ageOfTombstone(record, now) > outputAge;
}

/** Whether a destroyed session need not be remembered any more. */
export function isForgettable(record: SessionRecord, now: Date): boolean {
  return ageOfTombstone(record, now) > tombstoneAge;
}

/** Milliseconds; less than none for a session that lives. */
function ageOfTombstone({ deletedAt }: SessionRecord, now: Date): number {
  return deletedAt === undefined ? -1 : now.getTime() - Date.parse(deletedAt);
}
