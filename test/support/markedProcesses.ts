import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface MarkedProcess {
  readonly pid: number;
  readonly command: string;
}

/** Whether processes can be found by a mark in their environment; Windows shows no other process's environment. */
export const canFindMarked = process.platform !== 'win32';

/** The living processes, this one apart, whose environment holds `mark`, such as `NAME=value`. */
export async function findMarked(mark: string): Promise<MarkedProcess[]> {
  const all = process.platform === 'linux' ? await markedInProc(mark) : await markedByPs(mark);
  return all.filter(({ pid }) => pid !== process.pid);
}

async function markedInProc(mark: string): Promise<MarkedProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const checked = await Promise.all(pids.map((pid) => readMarked(Number(pid), mark)));
  return checked.filter((found) => found !== undefined);
}

async function readMarked(pid: number, mark: string): Promise<MarkedProcess | undefined> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
    if (!environment.split('\0').includes(mark)) return undefined;
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
    return { pid, command };
  } catch {
    return undefined;
  }
}

async function markedByPs(mark: string): Promise<MarkedProcess[]> {
  if (!canFindMarked) return [];
  const { stdout } = await promisify(execFile)('ps', ['-axEww', '-o', 'pid=,command='], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const lines = stdout.split('\n').filter((line) => line.split(' ').includes(mark));
  return lines.map((line) => {
    const [pid = '', ...command] = line.trim().split(/\s+/);
    return { pid: Number(pid), command: command.slice(0, 4).join(' ') };
  });
}
