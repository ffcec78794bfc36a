import * as v from 'valibot';

const day = 24 * 3_600_000;

/** On how many different days an archive must have been seen as too old: a clock that jumps deletes nothing. */
const daysOverdue = 3;

/** The days on which each archive was seen as too old, by its commit. */
export const overdueSchema = v.record(v.string(), v.array(v.string()));
export type Overdue = v.InferOutput<typeof overdueSchema>;

export interface DatedArchive {
  commit: string;
  /** ISO 8601 UTC; absent where nobody can tell. */
  archivedAt?: string;
}

export interface RetentionVerdict<T> {
  /** What is to be deleted. */
  expired: T[];
  /** What is to be remembered of the others. */
  overdue: Overdue;
}

/**
 * Which archives have been kept for long enough. One of which git cannot even read the time stays: the disk that it is
 * on may be away.
 *
 * @param keepDays 0 keeps them for ever.
 */
export function judgeArchives<T extends DatedArchive>(
  archives: readonly T[],
  { keepDays, now, overdue }: { keepDays: number; now: Date; overdue: Overdue },
): RetentionVerdict<T> {
  const verdict: RetentionVerdict<T> = { expired: [], overdue: {} };
  const today = now.toISOString().slice(0, 10);
  for (const archive of archives) {
    const age = archive.archivedAt === undefined ? 0 : now.getTime() - Date.parse(archive.archivedAt);
    if (keepDays === 0 || age <= keepDays * day) continue;
    const days = [...new Set([...(overdue[archive.commit] ?? []), today])].sort();
    if (days.length >= daysOverdue) verdict.expired.push(archive);
    else verdict.overdue[archive.commit] = days;
  }
  return verdict;
}
