import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import * as v from 'valibot';
import { systemErrorCode } from '../base/errors.ts';
import { hasEnded, type LinuxStat, parseLinuxStat } from './linuxStat.ts';
import { ProcessSampler, parsePs, parseWindows, windowsScript } from './processSample.ts';
import {
  type Execute,
  execute as executeHere,
  powershell,
  ps,
  systemFolder,
  windowsOptions,
} from './systemPrograms.ts';

/** A pid is a process only together with its start time, within one boot and one namespace. */
export const processIdentitySchema = v.object({
  pid: v.number(),
  startTime: v.string(),
  bootId: v.string(),
  /** On Linux: containers count their pids each on its own, but share the kernel's boot. Absent: the reader's own. */
  pidNamespace: v.exactOptional(v.string()),
});
export type ProcessIdentity = v.InferOutput<typeof processIdentitySchema>;

/** `unknown` where the system does not tell: such a process must be neither given up nor killed. */
export type Liveness = 'alive' | 'gone' | 'unknown';

/**
 * Asks the system about processes; the two queries differ by platform, the conclusions do not. Where a question costs a
 * process of its own, those that are asked at once share one.
 */
export interface ProcessTable {
  bootId(): Promise<string>;
  /** Undefined where there is no such process. */
  startTime(pid: number): Promise<string | undefined>;
  /** In which pids count; only where a system has several. */
  pidNamespace?(): Promise<string>;
}

/** Where other users' processes are not listed they can still be refused a signal. */
function isHidden(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

const linux: ProcessTable = {
  bootId: remembered(async () => (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()),
  async startTime(pid) {
    try {
      const stat = parseLinuxStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
      if (!stat) throw new Error(`/proc/${pid}/stat cannot be read`);
      return hasEnded(stat) ? undefined : stat.startTime;
    } catch (error) {
      if (!['ENOENT', 'ESRCH'].includes(systemErrorCode(error) ?? '') || isHidden(pid)) throw error;
      return undefined;
    }
  },
  pidNamespace: () => readlink('/proc/self/ns/pid'),
};

/** The time of the boot moves when the clock is set, the boot's session does not. */
function darwinTable(execute: Execute): ProcessTable {
  const sampler = new ProcessSampler(async () => parsePs(await ps(execute, ['-axo', 'pid=,lstart='])));
  return { bootId: remembered(() => readBootSession(execute)), startTime: (pid) => sampler.startTime(pid) };
}

async function readBootSession(execute: Execute): Promise<string> {
  const id = (await execute('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'])).stdout.trim();
  if (!id) throw new Error('sysctl did not answer');
  return id;
}

/**
 * Windows has no boot id, and its boot time moves with every correction of the clock. Processes are told apart by
 * when they were created, to 100 ns and for good, so one id for all boots of the machine will do.
 */
function windowsTable(execute: Execute): ProcessTable {
  const sampler = new ProcessSampler(async () => parseWindows(await powershell(execute, windowsScript)));
  return { bootId: remembered(() => readMachineGuid(execute)), startTime: (pid) => sampler.startTime(pid) };
}

async function readMachineGuid(execute: Execute): Promise<string> {
  const args = ['query', 'HKLM\\SOFTWARE\\Microsoft\\Cryptography', '/v', 'MachineGuid', '/reg:64'];
  const { stdout } = await execute(`${systemFolder}\\reg.exe`, args, windowsOptions);
  const guid = stdout.match(/MachineGuid\s+REG_SZ\s+(\S+)/)?.[1];
  if (!guid) throw new Error('The registry holds no MachineGuid');
  return guid;
}

/** No process outlives its boot, so one answer is enough; after a failure the next call asks again. */
function remembered(ask: () => Promise<string>): () => Promise<string> {
  let answer: Promise<string> | undefined;
  return () => {
    answer ??= ask().catch((error: unknown) => {
      answer = undefined;
      throw error;
    });
    return answer;
  };
}

const thisSystem = createProcessTable(process.platform);

export function processTable(): ProcessTable {
  return thisSystem;
}

export function createProcessTable(platform: NodeJS.Platform, execute: Execute = executeHere): ProcessTable {
  if (platform === 'win32') return windowsTable(execute);
  return platform === 'darwin' ? darwinTable(execute) : linux;
}

/** Stands for what the system did not tell; nothing is concluded from it. */
const unknown = 'unknown';

export async function identify(pid: number, table: ProcessTable = processTable()): Promise<ProcessIdentity> {
  const [startTime, bootId] = await Promise.all([orUnknown(table.startTime(pid)), orUnknown(table.bootId())]);
  const pidNamespace = await table.pidNamespace?.().catch(() => undefined);
  return { pid, startTime, bootId, ...(pidNamespace === undefined ? {} : { pidNamespace }) };
}

let own: Promise<ProcessIdentity> | undefined;

/** Who this process is, which cannot change: the system is asked once, and again only where it did not tell. */
export function ownIdentity(): Promise<ProcessIdentity> {
  own ??= identify(process.pid).then((identity) => {
    if (identity.startTime === unknown || identity.bootId === unknown) own = undefined;
    return identity;
  });
  return own;
}

async function orUnknown(answer: Promise<string | undefined>): Promise<string> {
  return (await answer.catch(() => undefined)) ?? unknown;
}

/** Whether the very process that was identified still lives; a reused pid counts as gone. */
export async function liveness(identity: ProcessIdentity, table: ProcessTable = processTable()): Promise<Liveness> {
  try {
    if (identity.bootId !== unknown && identity.bootId !== (await table.bootId())) return 'gone';
    if (!(await isInReach(identity, table))) return 'unknown';
    const startTime = await table.startTime(identity.pid);
    if (startTime === undefined) return 'gone';
    if (identity.startTime !== unknown && identity.startTime !== startTime) return 'gone';
    return identity.bootId === unknown || identity.startTime === unknown ? 'unknown' : 'alive';
  } catch {
    return 'unknown';
  }
}

/** Whether a process's pid means the same here: in another container it is another process, or none. */
export async function isInReach(
  { pidNamespace }: Pick<ProcessIdentity, 'pidNamespace'>,
  table: ProcessTable = processTable(),
): Promise<boolean> {
  return pidNamespace === undefined || pidNamespace === (await table.pidNamespace?.().catch(() => undefined));
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
