/** How many of the last backups are kept, whatever their age. */
const lastKept = 10;

/** For how many days, today included, the last backup of each day is kept. */
const daysKept = 14;

const dayLength = 24 * 3_600_000;

/** What decides whether a backup stays. */
export interface AgingBackup {
  /** ISO 8601 UTC. */
  takenAt: string;
  /** `newer` is what a newer version has written, which alone can judge it. */
  state: 'sound' | 'damaged' | 'newer';
}

/**
 * The backups that are of no more use: sound ones beside the last ten and the last of each UTC day for 14 days; and
 * damaged ones, which may be all there is of something, once they are older than that and than ten sound ones.
 */
export function backupsToPrune<T extends AgingBackup>(backups: readonly T[], now: Date): T[] {
  const newestFirst = [...backups].sort((a, b) => (a.takenAt < b.takenAt ? 1 : a.takenAt > b.takenAt ? -1 : 0));
  const sound = newestFirst.filter(({ state }) => state === 'sound');
  const kept = new Set([...sound.slice(0, lastKept), ...lastOfDays(sound, now)]);
  const oldestOfLast = sound[lastKept - 1]?.takenAt ?? '';
  const isUseless = (backup: T) => {
    if (backup.state === 'sound') return !kept.has(backup);
    return backup.state === 'damaged' && backup.takenAt < oldestOfLast && !isRecent(backup, now);
  };
  return newestFirst.filter(isUseless);
}

function lastOfDays<T extends AgingBackup>(newestFirst: readonly T[], now: Date): T[] {
  const days = new Map<number, T>();
  for (const backup of newestFirst) {
    const day = dayOf(Date.parse(backup.takenAt));
    if (!days.has(day) && isRecent(backup, now)) days.set(day, backup);
  }
  return [...days.values()];
}

/** Of the future, too: a clock that was wrong makes no backup worthless. */
function isRecent({ takenAt }: AgingBackup, now: Date): boolean {
  return dayOf(now.getTime()) - dayOf(Date.parse(takenAt)) < daysKept;
}

function dayOf(time: number): number {
  return Math.floor(time / dayLength);
}
