import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { systemErrorCode } from '../base/errors.ts';
import { type ProcessFacts, type ProcessScan, withoutLaterParents } from '../core/processFacts.ts';
import { hasEnded, parseLinuxStat, ticksPerSecond } from './linuxStat.ts';
import type { Execute } from './systemPrograms.ts';

/** In what the kernel counts for programs. */
export interface LinuxUnits {
  /** Bytes. */
  page: number;
  /** Milliseconds. */
  tick: number;
}

/** Long enough for the first line of any stat file; bytes. */
const line = Buffer.alloc(2048);

/** They have ended meanwhile, or belong to users whose processes are hidden from this one. */
const leftOut = ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'];

/**
 * One file is read of each process, one after the other: asynchronous reads would take several times as long, spread
 * over the threads that other files wait for.
 *
 * @throws where a file cannot be read though its process may live, such as for want of descriptors.
 */
export function scanLinux(units: LinuxUnits): ProcessScan {
  const processes: ProcessFacts[] = [];
  for (const name of readdirSync('/proc')) {
    if (!isPid(name)) continue;
    const text = readStat(name);
    const facts = text && linuxFacts(Number(name), text, units);
    if (facts) processes.push(facts);
  }
  return withoutLaterParents(processes);
}

export function linuxFacts(pid: number, text: string, units: LinuxUnits): ProcessFacts | undefined {
  const stat = parseLinuxStat(text);
  return (
    stat && {
      pid,
      parent: stat.parent,
      startTime: stat.startTime,
      rss: stat.pages * units.page,
      cpu: stat.ticks * units.tick,
      childCpu: stat.childTicks * units.tick,
      group: stat.group,
      session: stat.session,
      hasEnded: hasEnded(stat),
    }
  );
}

function isPid(name: string): boolean {
  const first = name.charCodeAt(0);
  return first >= 48 && first <= 57;
}

function readStat(pid: string): string | undefined {
  try {
    const file = openSync(`/proc/${pid}/stat`, 'r');
    try {
      return line.toString('latin1', 0, readSync(file, line));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (leftOut.includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** Asks a program only where this process may not read what the kernel told it at its start. */
export async function readLinuxUnits(execute: Execute): Promise<LinuxUnits> {
  const page = pageInAuxiliaryVector() ?? Number((await execute('getconf', ['PAGESIZE'], { timeout: 5_000 })).stdout);
  if (!(page > 0)) throw new Error('The size of a page of memory is not known');
  return { page, tick: 1000 / ticksPerSecond };
}

/** @see https://man7.org/linux/man-pages/man3/getauxval.3.html */
function pageInAuxiliaryVector(): number | undefined {
  try {
    return parseAuxiliaryVector(readFileSync('/proc/self/auxv')).get(pageSizeKey);
  } catch {
    return undefined;
  }
}

const pageSizeKey = 6;

/** Pairs of a key and a value, each as wide as the machine's pointers. */
function parseAuxiliaryVector(bytes: Buffer): ReadonlyMap<number, number> {
  const { buffer: aligned } = new Uint8Array(bytes);
  const words = ['arm', 'ia32'].includes(process.arch) ? new Uint32Array(aligned) : new BigUint64Array(aligned);
  const numbers = Array.from<number | bigint, number>(words, Number);
  return new Map(numbers.flatMap((key, index) => (index % 2 === 0 ? [[key, numbers[index + 1] ?? 0]] : [])));
}
