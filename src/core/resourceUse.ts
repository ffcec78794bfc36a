import { cpuSoFar, cpuSpent } from './cpuTime.ts';
import type { ProcessScan } from './processFacts.ts';

/** What a session's processes use together. */
export interface ResourceUse {
  /** Resident memory; bytes. Pages that processes share count for each. */
  rss: number;
  /** Percent of one core since the last look; undefined where there is no look to compare with. */
  cpu: number | undefined;
  /** The same, smoothed over about the last half minute. */
  smoothCpu: number | undefined;
  /** Milliseconds in all; never falls, also when processes end. */
  cpuTime: number;
  processes: number;
}

/** One look at the processes of a session. */
export interface TreeLook {
  /** By a clock that is never set; milliseconds. */
  at: number;
  processes: ProcessScan;
}

/** A look and what was concluded from it, for the next one to go on from. */
export interface UseAtLook {
  look: TreeLook;
  use: ResourceUse;
}

/** Milliseconds. */
export interface UseOptions {
  /** Between two looks, as planned. */
  interval: number;
  /** After which a change of the use shows by 63 % in the smoothed value. */
  timeConstant?: number;
}

const defaultTimeConstant = 30_000;

/**
 * What a session uses, from two looks in a row; from one where there was none before.
 *
 * The CPU use is not known, and its smoothing begins anew, where the interval was shorter than a tenth of the planned
 * one, for the system's own clock is too coarse then, or longer than four of them: the machine slept or this process
 * was stopped, and an average would tell neither of that time nor of now.
 */
export function nextUse(previous: UseAtLook | undefined, look: TreeLook, options: UseOptions): UseAtLook {
  const { interval, timeConstant = defaultTimeConstant } = options;
  const spent = previous ? cpuSpent(previous.look.processes, look.processes) : cpuSoFar(look.processes);
  const elapsed = previous ? look.at - previous.look.at : 0;
  const isComparable = elapsed >= interval / 10 && elapsed <= interval * 4;
  const cpu = isComparable ? (spent / elapsed) * 100 : undefined;
  const use = {
    rss: sumOfMemory(look.processes),
    cpu,
    smoothCpu: cpu === undefined ? undefined : smooth(previous?.use.smoothCpu, cpu, { elapsed, timeConstant }),
    cpuTime: (previous?.use.cpuTime ?? 0) + spent,
    processes: [...look.processes.values()].filter(({ hasEnded }) => !hasEnded).length,
  };
  return { look, use };
}

/**
 * Exponentially weighted: `value` held for the last `elapsed` milliseconds. Two steps with one value come to the same
 * as one of their length, so that intervals may be uneven.
 */
export function smooth(
  previous: number | undefined,
  value: number,
  { elapsed, timeConstant }: { elapsed: number; timeConstant: number },
): number {
  if (previous === undefined) return value;
  return value + (previous - value) * Math.exp(-elapsed / timeConstant);
}

function sumOfMemory(processes: ProcessScan): number {
  return [...processes.values()].reduce((sum, { rss }) => sum + rss, 0);
}
