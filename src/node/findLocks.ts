import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { findCreationLocks } from './creationLocks.ts';
import { isMissing } from './durableFile.ts';
import { judge, type LockOwner, type LockState, ownerOf, readContent } from './lockOwner.ts';
import { type Machine, repositoryPlaces, sessionPlaces } from './places.ts';
import { findRuntimeUses } from './runtimeFolder.ts';

/** What a lock is for: to be the helper or a session's host, making a session, running from a copy, a storage. */
export type LockKind = 'helper' | 'host' | 'creation' | 'runtime' | 'storage';

export interface FoundLock {
  kind: LockKind;
  file: string;
  state: LockState;
  /** Absent where the file names none or may not be read. */
  owner?: LockOwner;
  /** When it was taken; ISO 8601. */
  since: string;
  /** Of hosts and creations. */
  sessionId?: string;
}

export interface LockSearch {
  machine: Machine;
  /** Of the repository. */
  key: string;
  /** Locks of storages, wherever those are. */
  extra?: readonly string[];
}

type Place = Pick<FoundLock, 'kind' | 'file' | 'sessionId'>;

/** The locks of a repository and of the copies of the programs, each with what is proven of its owner; takes none. */
export async function findLocks(search: LockSearch): Promise<FoundLock[]> {
  const found: FoundLock[] = [];
  // One after the other, for each is a look at a process.
  for (const place of await lockPlaces(search)) {
    const lock = await look(place);
    if (lock) found.push(lock);
  }
  return found;
}

async function lockPlaces({ machine, key, extra = [] }: LockSearch): Promise<Place[]> {
  const { folder, helperLock, sessionsFolder, stateFolder } = repositoryPlaces(machine, key);
  const [ids, creations, uses] = await Promise.all([
    sessionIds(sessionsFolder),
    findCreationLocks(folder),
    findRuntimeUses(stateFolder),
  ]);
  return [
    { kind: 'helper', file: helperLock },
    ...ids.map((id): Place => ({ kind: 'host', file: sessionPlaces(machine, key, id).hostLock, sessionId: id })),
    ...creations.map(({ id, file }): Place => ({ kind: 'creation', file, sessionId: id })),
    ...uses.map((file): Place => ({ kind: 'runtime', file })),
    ...extra.map((file): Place => ({ kind: 'storage', file: path.resolve(file) })),
  ];
}

async function sessionIds(folder: string): Promise<string[]> {
  return readdir(folder).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
}

/** Undefined where there is no such lock, or not any more. */
async function look(place: Place): Promise<FoundLock | undefined> {
  try {
    const { mtime } = await stat(place.file);
    const content = await readContent(place.file);
    if (!content) return undefined;
    const owner = ownerOf(content);
    return { ...place, state: await judge(content), ...(owner ? { owner } : {}), since: mtime.toISOString() };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
