import { readdir, readFile } from 'node:fs/promises';

/** What a process takes of the machine, as Linux alone tells it. */
export interface ProcessUse {
  /** Bytes that no other process shares. */
  memory: number;
  /** Milliseconds of user and system time since it began. */
  cpu: number;
  descriptors: number;
  threads: number;
}

/** The kernel counts in hundredths of a second, whatever its own clock is. */
const tick = 10;

export async function processUse(pid: number): Promise<ProcessUse> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = [...rollup.matchAll(/^Private_\w+:\s+(\d+) kB/gm)].map(([, number]) => Number(number));
  return {
    memory: kilobytes.reduce((sum, number) => sum + number, 0) * 1024,
    cpu: ((fields[11] ?? 0) + (fields[12] ?? 0)) * tick,
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
    threads: fields[17] ?? 0,
  };
}
