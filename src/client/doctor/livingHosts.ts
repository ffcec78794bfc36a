import { sessionPlaces } from '../../node/places.ts';
import { readWorktreeNotes } from '../../node/worktreeTags.ts';
import type { Examination } from './examination.ts';
import { mayHaveHost, type SessionFolder } from './sessionFolders.ts';
import { probeSocket } from './socketProbe.ts';

/** A host that lives, or may. */
export interface LivingHost {
  id: string;
  /** Where it is found among the processes, or its file names it. */
  pid?: number;
  /** The socket on which it listens; absent where nobody does. */
  socket?: string;
  /** Whether its file names it, so that a helper that starts now finds it. */
  isFiled: boolean;
}

/** The hosts of all sessions of which anything tells: by their files, by their sockets and among the processes. */
export async function findLivingHosts(examination: Examination): Promise<Map<string, LivingHost>> {
  const folders = new Map((await examination.sessionFolders()).map((folder) => [folder.id, folder]));
  const processes = await examination.processes();
  const pids = new Map(processes.flatMap(({ sessionId, pid }) => (sessionId ? [[sessionId, pid] as const] : [])));
  const ids = new Set([...folders.keys(), ...pids.keys(), ...(await idsElsewhere(examination))]);
  const looks = [...ids].map((id) => look(examination, { id, folder: folders.get(id), pid: pids.get(id) }));
  const hosts = (await Promise.all(looks)).filter((host) => host !== undefined);
  return new Map(hosts.map((host) => [host.id, host]));
}

/** Sessions that may have lost their folders. */
async function idsElsewhere(examination: Examination): Promise<string[]> {
  const { workplace } = examination.context;
  const listed = (await examination.storages()).flatMap(({ records }) => records);
  const notes = workplace.kind === 'git' ? await readWorktreeNotes(workplace.commonDir) : [];
  const records = [...(await examination.known()), ...listed];
  return [...records.map(({ id }) => id), ...notes.flatMap(({ tag }) => tag?.id ?? [])];
}

interface Trace {
  id: string;
  folder: SessionFolder | undefined;
  pid: number | undefined;
}

async function look({ context, places }: Examination, { id, folder, pid }: Trace): Promise<LivingHost | undefined> {
  const usual = sessionPlaces(context.machine, places.key, id).socket;
  const socket = await listening(new Set([usual, folder?.host?.socket ?? usual]));
  if (pid === undefined && socket === undefined && !(folder && mayHaveHost(folder))) return undefined;
  const isFiled = folder?.host !== undefined && (folder.host.exit !== null || folder.hostLiveness !== 'gone');
  const known = pid ?? (isFiled ? folder.host?.pid : undefined);
  return { id, isFiled, ...(known === undefined ? {} : { pid: known }), ...(socket === undefined ? {} : { socket }) };
}

async function listening(sockets: Iterable<string>): Promise<string | undefined> {
  for (const socket of sockets) if ((await probeSocket(socket)) === 'living') return socket;
  return undefined;
}
