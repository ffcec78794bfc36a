import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { systemErrorCode } from '../base/errors.ts';

const run = promisify(execFile);

/** A pid is a process only together with its start time, within one boot. */
export const processIdentitySchema = v.object({ pid: v.number(), startTime: v.string(), bootId: v.string() });
export type ProcessIdentity = v.InferOutput<typeof processIdentitySchema>;

/** `unknown` where the system refuses to tell: such a process must be treated as alive. */
export type Liveness = 'alive' | 'gone' | 'unknown';

/** Asks the system about processes; the two queries differ by platform, the conclusions do not. */
export interface ProcessTable {
  bootId(): Promise<string>;
  /** Undefined where there is no such process. */
  startTime(pid: number): Promise<string | undefined>;
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function parseLinuxStat(stat: string): { state: string; startTime: string } | undefined {
  // The command's name may itself hold blanks and parentheses, so fields count from its last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  return state && startTime ? { state, startTime } : undefined;
}

const linux: ProcessTable = {
  bootId: async () => (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim(),
  async startTime(pid) {
    try {
      const stat = parseLinuxStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
      // A zombie has ended; only its parent has not noticed yet.
      return stat && stat.state !== 'Z' && stat.state !== 'X' ? stat.startTime : undefined;
    } catch (error) {
      if (['ENOENT', 'ESRCH'].includes(systemErrorCode(error) ?? '')) return undefined;
      throw error;
    }
  },
};

const darwin: ProcessTable = {
  bootId: async () => (await run('sysctl', ['-n', 'kern.bootsessionuuid'])).stdout.trim(),
  startTime: (pid) => outputOrNone('ps', ['-o', 'lstart=', '-p', String(pid)]),
};

const windows: ProcessTable = {
  bootId: async () =>
    (await powershell('(Get-CimInstance Win32_OperatingSystem).LastBootUpTime.ToFileTimeUtc()')) ?? 'unknown',
  startTime: (pid) => powershell(`(Get-Process -Id ${pid} -ErrorAction SilentlyContinue).StartTime.ToFileTimeUtc()`),
};

function powershell(script: string): Promise<string | undefined> {
  return outputOrNone('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', script]);
}

/** The trimmed output; undefined where the program ends badly or says nothing, as for a pid nobody has. */
async function outputOrNone(file: string, args: string[]): Promise<string | undefined> {
  try {
    return (await run(file, args, { timeout: 10_000, windowsHide: true })).stdout.trim() || undefined;
  } catch (error) {
    if (typeof (error as { code?: unknown }).code === 'number') return undefined;
    throw error;
  }
}

export function processTable(platform: NodeJS.Platform = process.platform): ProcessTable {
  if (platform === 'win32') return windows;
  return platform === 'darwin' ? darwin : linux;
}

export async function identify(pid: number, table: ProcessTable = processTable()): Promise<ProcessIdentity> {
  const [startTime, bootId] = await Promise.all([table.startTime(pid), table.bootId()]);
  return { pid, startTime: startTime ?? 'unknown', bootId };
}

/** Whether the very process that was identified still lives; a reused pid counts as gone. */
export async function liveness(identity: ProcessIdentity, table: ProcessTable = processTable()): Promise<Liveness> {
  try {
    if (identity.bootId !== (await table.bootId())) return 'gone';
    const startTime = await table.startTime(identity.pid);
    if (startTime === undefined) return 'gone';
    return identity.startTime === 'unknown' || startTime === identity.startTime ? 'alive' : 'gone';
  } catch {
    return 'unknown';
  }
}
