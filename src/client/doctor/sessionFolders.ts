import { readdir } from 'node:fs/promises';
import { describeError } from '../../base/errors.ts';
import { isMissing } from '../../node/durableFile.ts';
import { exists } from '../../node/exists.ts';
import { judge, type LockState, readContent } from '../../node/lockOwner.ts';
import { type Machine, type RepositoryPlaces, type SessionPlaces, sessionPlaces } from '../../node/places.ts';
import { type Liveness, liveness } from '../../node/processIdentity.ts';
import { type RecordReading, readRecordFile } from '../../node/recordFile.ts';
import type { HostFile } from '../../protocol/hostMessages.ts';
import { readHostFile } from '../hostAddress.ts';

/** What a session keeps outside its worktree, as it was found. */
export interface SessionFolder {
  id: string;
  places: SessionPlaces;
  reading: RecordReading;
  /** Absent where there is no such file, or none that can be read. */
  host?: HostFile;
  /** Why the host's file cannot be used. */
  hostProblem?: string;
  /** Of the host that the file names; `gone` without a file. */
  hostLiveness: Liveness;
  /** Of the lock that a host holds while it lives; absent where there is none. */
  hostLock?: LockState;
}

/** The folders of all sessions of a repository, those of destroyed ones included. */
export async function readSessionFolders(machine: Machine, places: RepositoryPlaces): Promise<SessionFolder[]> {
  const entries = await readdir(places.sessionsFolder, { withFileTypes: true }).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const ids = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(ids.sort().map((id) => readSessionFolder(machine, places.key, id)));
}

/** Whether a host of the session lives, or may. */
export function mayHaveHost({ hostLiveness, hostLock, host }: SessionFolder): boolean {
  const isAtWork = host !== undefined && host.exit === null && hostLiveness !== 'gone';
  return isAtWork || hostLock === 'held' || hostLock === 'unknown';
}

/** What the session of that id keeps; nothing where it has no folder. */
export async function readSessionFolder(machine: Machine, key: string, id: string): Promise<SessionFolder> {
  const places = sessionPlaces(machine, key, id);
  const reading = await readRecordFile(places.record, id);
  const lock = await readContent(places.hostLock);
  const hostLock = lock && (await judge(lock));
  const common = { id, places, reading, ...(hostLock === undefined ? {} : { hostLock }) };
  try {
    const host = await readHostFile(machine, key, id);
    if (host) return { ...common, host, hostLiveness: await liveness(host) };
    const isDamaged = await exists(places.host);
    return { ...common, hostLiveness: 'gone', ...(isDamaged ? { hostProblem: 'it does not name a host' } : {}) };
  } catch (error) {
    return { ...common, hostLiveness: 'unknown', hostProblem: describeError(error) };
  }
}
