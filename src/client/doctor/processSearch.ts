import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Machine, stateFolder } from '../../node/places.ts';

/** A process of a repository, whatever has become of its files. */
export interface FoundProcess {
  kind: 'helper' | 'host';
  pid: number;
  /** Of a host. */
  sessionId?: string;
}

/** The helper and the hosts of a repository among all processes; none where the system does not list them as files. */
export async function findProcesses(machine: Machine, key: string): Promise<FoundProcess[]> {
  const all = await findInAllFolders(key);
  const areOwn = await Promise.all(all.map(({ pid }) => isOfStateFolder(pid, machine)));
  return all.filter((_, index) => areOwn[index]);
}

/** The host of a session, whatever state folder it belongs to; undefined where none is listed. */
export async function findHostOf(key: string, sessionId: string): Promise<FoundProcess | undefined> {
  return (await findInAllFolders(key)).find((found) => found.sessionId === sessionId);
}

async function findInAllFolders(key: string): Promise<FoundProcess[]> {
  if (process.platform !== 'linux') return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const parts = await read(pid, 'cmdline');
      return parts && ownProcess(pid, parts, key);
    }),
  );
  return found.filter((one) => one !== undefined);
}

/** `helper.cjs <key>` and `host.cjs <key> <session>`, behind the runtime and its flags. */
function ownProcess(pid: number, parts: readonly string[], key: string): FoundProcess | undefined {
  const [script = '', first, second = ''] = parts.slice(-3);
  if (path.basename(script) === 'host.cjs' && first === key) return { kind: 'host', pid, sessionId: second };
  return path.basename(first ?? '') === 'helper.cjs' && second === key ? { kind: 'helper', pid } : undefined;
}

/** One repository may have sessions in several state folders; what cannot be told may be this one's. */
async function isOfStateFolder(pid: number, machine: Machine): Promise<boolean> {
  const variables = await read(pid, 'environ');
  if (!variables) return true;
  const env = Object.fromEntries(variables.map((variable) => variable.split(/=([^]*)/, 2)));
  return stateFolder({ ...machine, env }) === stateFolder(machine);
}

async function read(pid: number, file: 'cmdline' | 'environ'): Promise<string[] | undefined> {
  const text = await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => undefined);
  return text?.split('\0').slice(0, -1);
}
