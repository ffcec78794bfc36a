/** Times in milliseconds of one monotonic clock. */
export interface CheckpointPace {
  /** The first change that is not saved. */
  firstChange: number;
  /** The last one. */
  lastChange: number;
  /** No save begins before. */
  notBefore: number;
}

/** How long things must be still before they are saved; milliseconds. */
const settleTime = 250;

/** What goes on changing is saved this often; milliseconds. */
export const checkpointInterval = 5_000;

/** With pauses that are so many times longer than the saves before them, these take 5 % of the time. */
const restFactor = 20;

/** When the next save is to begin. */
export function nextCheckpointAt({ firstChange, lastChange, notBefore }: CheckpointPace): number {
  return Math.max(notBefore, Math.min(lastChange + settleTime, firstChange + checkpointInterval));
}

/**
 * How long to wait after a save that took `took`; both in milliseconds. Most of a long save is a disk that is busy, and
 * waiting for that costs the session nothing, while a host that is killed loses what was not saved.
 */
export function restAfter(took: number): number {
  return Math.min(took * restFactor, checkpointInterval);
}
