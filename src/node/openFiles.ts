import { readdir } from 'node:fs/promises';
import { systemErrorCode } from '../base/errors.ts';

/**
 * How many files, sockets and pipes the processes have open together, those that have ended not counted. Undefined
 * where the system does not tell of every one. It costs a call for each process, so it is not for every tick.
 */
export async function countOpenFiles(pids: Iterable<number>): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  let count = 0;
  for (const pid of pids) {
    const open = await countOf(pid);
    if (open === undefined) return undefined;
    count += open;
  }
  return count;
}

async function countOf(pid: number): Promise<number | undefined> {
  try {
    return (await readdir(`/proc/${pid}/fd`)).length;
  } catch (error) {
    return ['ENOENT', 'ESRCH'].includes(systemErrorCode(error) ?? '') ? 0 : undefined;
  }
}
