import type { ProcessFacts, ProcessScan } from '../core/processFacts.ts';
import { type Execute, ps } from './systemPrograms.ts';

/** What `sess` tells there is no POSIX session. */
const columns = 'pid=,ppid=,pgid=,rss=,state=,time=,lstart=,args=';

/** The start time is five words, and the arguments are the rest. */
const line = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+([\d:.-]+)\s+(\S+\s+\S+\s+\d+\s+\S+\s+\d+)\s*(.*?)\s*$/;

export async function scanDarwin(execute: Execute): Promise<ProcessScan> {
  return parseDarwin(await ps(execute, ['-axww', '-o', columns]));
}

/** @see https://keith.github.io/xcode-man-pages/ps.1.html */
export function parseDarwin(text: string): ProcessScan {
  const scan = new Map<number, ProcessFacts>();
  for (const row of text.split('\n')) {
    const [, pid, parent, group, kilobytes, state, time, startTime, command] = line.exec(row) ?? [];
    if (!startTime || !state || !time) continue;
    scan.set(Number(pid), {
      pid: Number(pid),
      parent: Number(parent),
      startTime,
      rss: Number(kilobytes) * 1024,
      cpu: parseCpuTime(time),
      group: Number(group),
      ...(command ? { command } : {}),
      hasEnded: state.startsWith('Z'),
    });
  }
  return scan;
}

/** `[[days-]hours:]minutes:seconds[.hundredths]` as milliseconds; macOS lets the minutes grow. */
function parseCpuTime(time: string): number {
  const [clock = '', days = '0'] = time.split('-').reverse();
  const [seconds = 0, minutes = 0, hours = 0] = clock.split(':').reverse().map(Number);
  return Math.round((((Number(days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
}
