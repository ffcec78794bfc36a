/** Clock ticks in a second, as programs see them on every machine that VS Code runs on. */
export const ticksPerSecond = 100;

/** A process as the first line of its `/proc/PID/stat` tells it. */
export interface LinuxStat {
  state: string;
  parent: number;
  /** The process group. */
  group: number;
  /** The POSIX session. */
  session: number;
  /** The process group in the foreground of its terminal; -1 without one. */
  foregroundGroup: number;
  /** Of itself, in user and in system mode; clock ticks. */
  ticks: number;
  /** Of the children that it has waited for, and of those they had waited for; clock ticks. */
  childTicks: number;
  threads: number;
  /** Clock ticks since the boot. */
  startTime: string;
  /** Resident memory; pages. */
  pages: number;
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function parseLinuxStat(stat: string): LinuxStat | undefined {
  // The command's name may itself hold blanks and parentheses, so fields count from its last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  if (!state || !startTime) return undefined;
  return {
    state,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    foregroundGroup: Number(fields[5]),
    ticks: Number(fields[11]) + Number(fields[12]),
    childTicks: Number(fields[13]) + Number(fields[14]),
    threads: Number(fields[17]),
    startTime,
    pages: Number(fields[21]),
  };
}

/**
 * A zombie has ended; only its parent has not noticed yet. One that has threads left was killed while they were at
 * work, and what they do to a file is yet to come.
 */
export function hasEnded({ state, threads }: LinuxStat): boolean {
  return (state === 'Z' && threads <= 1) || state === 'X';
}
