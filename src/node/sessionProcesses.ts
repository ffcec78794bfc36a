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
  if (process.platform !== 'linux') return undefined;
  const found: SessionProcess[] = [];
  // One after the other, for an environment can have megabytes.
  for (const name of await readdir('/proc')) {
    const one = /^\d+$/.test(name) ? await look(Number(name), `HOLDFAST_SESSION_ID=${sessionId}`) : undefined;
    if (one) found.push(one);
  }
  return found;
}

/** The program and its arguments; undefined for a process that has ended, and where the system does not tell. */
export async function readCommand(pid: number): Promise<string[] | undefined> {
  if (process.platform !== 'linux') return undefined;
  return (await read(pid, 'cmdline'))?.toString().split('\0').slice(0, -1);
}

async function look(pid: number, variable: string): Promise<SessionProcess | undefined> {
  const environment = await read(pid, 'environ');
  if (!environment || !hasVariable(environment, variable) || isOwnProgram(pid)) return undefined;
  const before = await readStat(pid);
  const command = (await readCommand(pid)) ?? [];
  // The pid may have been given to another process since the environment was read.
  const again = await read(pid, 'environ');
  const isSame = before !== undefined && before.startTime === (await readStat(pid))?.startTime;
  if (!isSame || !again?.equals(environment)) return undefined;
  return { pid, startTime: before.startTime, session: before.session, command };
}

function hasVariable(environment: Buffer, variable: string): boolean {
  const end = `${variable}\0`;
  return environment.subarray(0, end.length).equals(Buffer.from(end)) || environment.includes(`\0${end}`);
}

async function readStat(pid: number): Promise<LinuxStat | undefined> {
  const stat = parseLinuxStat((await read(pid, 'stat'))?.toString() ?? '');
  return stat && !hasEnded(stat) ? stat : undefined;
}

/** Undefined for a process that has ended, or that is not ours to look at. */
function read(pid: number, file: 'environ' | 'cmdline' | 'stat'): Promise<Buffer | undefined> {
  return readFile(`/proc/${pid}/${file}`).catch(() => undefined);
}
