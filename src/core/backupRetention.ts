/** How many of the last backups are kept, whatever their age; those taken by hand are counted apart. */
const lastKept = 10;

/** For how many days, today included, the last backup of each day is kept. */
const daysKept = 14;

const dayLength = 24 * 3_600_000;

/** What decides whether a backup stays. */
export interface AgingBackup {
  /** ISO 8601 UTC. */
  takenAt: string;
  /** Of the list that was backed up: it tells which of two is newer whatever the clock has done. */
  generation: number;
  /** `manual` for what the user has taken. */
  reason: string;
  /** `newer` is what a newer version has written, which alone can judge it. */
  state: 'sound' | 'damaged' | 'newer';
}

/**
 * The backups that are of no more use: sound ones beside the last ten taken by hand, the last ten others, and the last
 * of each UTC day for 14 days; and damaged ones, which may be all there is of something, once they are older than that
 * and than ten sound ones.
 */
export function backupsToPrune<T extends AgingBackup>(backups: readonly T[], now: Date): T[] {
  const inOrder = newestFirst(backups);
  const sound = inOrder.filter(({ state }) => state === 'sound');
  const byHand = sound.filter(({ reason }) => reason === 'manual');
  const others = sound.filter(({ reason }) => reason !== 'manual');
  const kept = new Set([...byHand.slice(0, lastKept), ...others.slice(0, lastKept), ...lastOfDays(sound, now)]);
  const isUseless = (backup: T) => {
    if (backup.state === 'sound') return !kept.has(backup);
    return backup.state === 'damaged' && !isRecent(backup, now) && countAfter(backup, sound) >= lastKept;
  };
  return inOrder.filter(isUseless);
}

/** The sound ones by generation, and by the clock where it is the same; the others where the clock puts them. */
export function newestFirst<T extends AgingBackup>(backups: readonly T[]): T[] {
  const byClock = [...backups].sort((a, b) => (a.takenAt < b.takenAt ? 1 : a.takenAt > b.takenAt ? -1 : 0));
  const isSound = ({ state }: T) => state === 'sound';
  const sound = byClock.filter(isSound).sort((a, b) => b.generation - a.generation);
  return byClock.map((backup) => (isSound(backup) ? (sound.shift() as T) : backup));
}

function countAfter({ takenAt }: AgingBackup, backups: readonly AgingBackup[]): number {
  return backups.filter((backup) => backup.takenAt > takenAt).length;
}

function lastOfDays<T extends AgingBackup>(inOrder: readonly T[], now: Date): T[] {
  const days = new Map<number, T>();
  for (const backup of inOrder) {
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
