import type { Elapsed } from '../base/stopwatch.ts';

/** How far a clock may be from the deadline when that passes; milliseconds. */
const tolerance = 2_000;

/**
 * Whether an answer that was waited for until its deadline, in milliseconds, counts as missing. Where a clock has
 * jumped, or the waiter itself was held up, the machine slept or was too busy to tell anything of the other side.
 */
export function isOverdue(deadline: number, { wall, monotonic }: Elapsed): boolean {
  return [wall, monotonic].every((passed) => Math.abs(passed - deadline) < tolerance);
}
