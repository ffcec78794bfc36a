import { execFile, execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { systemErrorCode } from '../base/errors.ts';

/** A pid is a process only together with its start time, within one boot. */
export const processIdentitySchema = v.object({ pid: v.number(), startTime: v.string(), bootId: v.string() });
export type ProcessIdentity = v.InferOutput<typeof processIdentitySchema>;

/** `unknown` where the system refuses to tell: such a process must be treated as alive. */
export type Liveness = 'alive' | 'gone' | 'unknown';

const run = promisify(execFile);

/** Asks the system about processes; the two queries differ by platform, the conclusions do not. */
export interface ProcessTable {
  bootId(): Promise<string>;
  /** Undefined where there is no such process. */
  startTime(pid: number): Promise<string | undefined>;
}

export interface LinuxStat {
  state: string;
  /** The process group. */
  group: number;
  /** The process group in the foreground of its terminal; -1 without one. */
  foregroundGroup: number;
  startTime: string;
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function parseLinuxStat(stat: string): LinuxStat | undefined {
  // The command's name may itself hold blanks and parentheses, so fields count from its last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  return state && startTime
    ? { state, group: Number(fields[2]), foregroundGroup: Number(fields[5]), startTime }
    : undefined;
}

/** A zombie has ended; only its parent has not noticed yet. */
function hasEnded({ state }: LinuxStat): boolean {
  return state === 'Z' || state === 'X';
}

const linux: ProcessTable = {
  bootId: async () => (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim(),
  async startTime(pid) {
    try {
      const stat = parseLinuxStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
      if (!stat) throw new Error(`/proc/${pid}/stat cannot be read`);
      return hasEnded(stat) ? undefined : stat.startTime;
    } catch (error) {
      if (['ENOENT', 'ESRCH'].includes(systemErrorCode(error) ?? '')) return undefined;
      throw error;
    }
  },
};

/** `ps` writes times in the caller's zone and language, which must not make one process look like two. */
const plainEnvironment = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };

const darwin: ProcessTable = {
  bootId: async () => (await run('sysctl', ['-n', 'kern.bootsessionuuid'])).stdout.trim(),
  async startTime(pid) {
    try {
      const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)], { env: plainEnvironment });
      return stdout.trim() || undefined;
    } catch (error) {
      // For a pid that nobody has, ps ends with 1 and says nothing at all.
      const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
      if (code === 1 && !stdout && !stderr) return undefined;
      throw error;
    }
  },
};

const windows: ProcessTable = {
  bootId: () => powershell('(Get-CimInstance Win32_OperatingSystem).LastBootUpTime.ToFileTimeUtc()'),
  async startTime(pid) {
    const process = `$p = Get-Process -Id ${pid} -ErrorAction SilentlyContinue`;
    const answer = await powershell(`${process}; if ($p) { $p.StartTime.ToFileTimeUtc() } else { 'none' }`);
    return answer === 'none' ? undefined : answer;
  },
};

/** @throws where PowerShell fails or says nothing, which proves nothing about any process. */
async function powershell(script: string): Promise<string> {
  const args = ['-NoProfile', '-NonInteractive', '-Command', `$ErrorActionPreference = 'Stop'; ${script}`];
  const { stdout } = await run('powershell.exe', args, { timeout: 10_000, windowsHide: true });
  if (!stdout.trim()) throw new Error('PowerShell did not answer');
  return stdout.trim();
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

/** The process group in the foreground of a process's terminal; undefined where there is none or it is not told. */
export function foregroundGroup(pid: number): number | undefined {
  try {
    const group = readForegroundGroup(pid);
    return group > 1 ? group : undefined;
  } catch {
    return undefined;
  }
}

function readForegroundGroup(pid: number): number {
  if (process.platform !== 'linux') return Number(execFileSync('ps', ['-o', 'tpgid=', '-p', String(pid)]));
  return readLinuxStat(pid)?.foregroundGroup ?? -1;
}

/** Whether a process of the group still runs. */
export function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
  // Where orphans are not reaped at once, as in many containers, a group can consist of zombies.
  return process.platform !== 'linux' || livingGroups().has(group);
}

function livingGroups(): Set<number> {
  const stats = readdirSync('/proc').map((name) => (/^\d+$/.test(name) ? readLinuxStat(Number(name)) : undefined));
  return new Set(
    stats.filter((stat) => stat !== undefined && !hasEnded(stat)).map((stat) => (stat as LinuxStat).group),
  );
}

function readLinuxStat(pid: number): LinuxStat | undefined {
  try {
    return parseLinuxStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}
