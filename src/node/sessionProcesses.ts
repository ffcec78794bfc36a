import { readdir, readFile } from 'node:fs/promises';
import { hasEnded, type LinuxStat, parseLinuxStat } from './linuxStat.ts';
import { isOwnProgram } from './ownProgram.ts';

/** A process that was started in a session, whatever has become of its parents since. */
export interface SessionProcess {
  pid: number;
  /** As the process table tells it. */
  startTime: string;
  /** The POSIX session: the pid of its leader, which may have ended. */
  session: number;
  /** The program and its arguments. */
  command: string[];
}

/**
 * The user's processes that have a session's id in their environment: all that was started in it, unless it was given
 * another environment or hides its own, as agents for keys do. So that one is not found proves nothing. What found
 * processes have started elsewhere counts too, such as an editor with its terminals; Holdfast's own programs do not.
 *
 * Undefined where the system does not show environments; that of macOS cannot be told from the arguments before it.
 * It reads a file of every process, so it is not for every tick.
 */
export async function findSessionProcesses(sessionId: string): Promise<SessionProcess[] | undefined> {
  return (await find((id) => id === sessionId))?.get(sessionId) ?? (canFind ? [] : undefined);
}

/** The same for all sessions at once, by their ids; those that have none are left out. */
export function findAllSessionProcesses(): Promise<ReadonlyMap<string, readonly SessionProcess[]> | undefined> {
  return find(() => true);
}

const canFind = process.platform === 'linux';

async function find(isWanted: (id: string) => boolean): Promise<Map<string, SessionProcess[]> | undefined> {
  if (!canFind) return undefined;
  const found = new Map<string, SessionProcess[]>();
  // One after the other, for an environment can have megabytes.
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    const environment = pid > 0 ? await read(pid, 'environ') : undefined;
    const id = environment && sessionOf(environment);
    if (!environment || id === undefined || !isWanted(id)) continue;
    const one = await look(pid, environment);
    if (one) found.set(id, [...(found.get(id) ?? []), one]);
  }
  return found;
}

/** The program and its arguments; undefined for a process that has ended, and where the system does not tell. */
export async function readCommand(pid: number): Promise<string[] | undefined> {
  if (process.platform !== 'linux') return undefined;
  return (await read(pid, 'cmdline'))?.toString().split('\0').slice(0, -1);
}

async function look(pid: number, environment: Buffer): Promise<SessionProcess | undefined> {
  if (isOwnProgram({ pid })) return undefined;
  const before = await readStat(pid);
  const command = (await readCommand(pid)) ?? [];
  // The pid may have been given to another process since the environment was read.
  const again = await read(pid, 'environ');
  const isSame = before !== undefined && before.startTime === (await readStat(pid))?.startTime;
  if (!isSame || !again?.equals(environment)) return undefined;
  return { pid, startTime: before.startTime, session: before.session, command };
}

const variable = Buffer.from('\0HOLDFAST_SESSION_ID=');

/** The value of the variable in an environment, in which each ends with a zero. */
function sessionOf(environment: Buffer): string | undefined {
  const isFirst = environment.subarray(0, variable.length - 1).equals(variable.subarray(1));
  const at = isFirst ? -1 : environment.indexOf(variable);
  const start = at + variable.length;
  const end = environment.indexOf(0, start);
  return (isFirst || at >= 0) && end >= 0 ? environment.toString('utf8', start, end) : undefined;
}

async function readStat(pid: number): Promise<LinuxStat | undefined> {
  const stat = parseLinuxStat((await read(pid, 'stat'))?.toString() ?? '');
  return stat && !hasEnded(stat) ? stat : undefined;
}

/** Undefined for a process that has ended, or that is not ours to look at. */
function read(pid: number, file: 'environ' | 'cmdline' | 'stat'): Promise<Buffer | undefined> {
  return readFile(`/proc/${pid}/${file}`).catch(() => undefined);
}
