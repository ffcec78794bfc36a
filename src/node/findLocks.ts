import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
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

/**
 * The locks of a repository, each with what is proven of its owner; takes none. The copies of the programs are shared
 * by all repositories: of their locks, those of this one's helper and hosts are found.
 */
export async function findLocks(search: LockSearch): Promise<FoundLock[]> {
  // All at once, for looks at processes that are wanted together are one.
  const looks = await Promise.all((await lockPlaces(search)).map(look));
  const found = looks.filter((lock) => lock !== undefined);
  const own = found.filter(({ kind }) => kind === 'helper' || kind === 'host').flatMap(({ owner }) => owner ?? []);
  return found.filter(({ kind, owner }) => kind !== 'runtime' || own.some((other) => isSame(other, owner)));
}

function isSame(a: LockOwner, b: LockOwner | undefined): boolean {
  return a.pid === b?.pid && a.startTime === b.startTime && a.bootId === b.bootId && a.host === b.host;
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
    const since = mtime.toISOString();
    const content = await readContent(place.file).catch((error) => {
      if (error instanceof HoldfastError) return 'none' as const;
      throw error;
    });
    if (content === 'none') return { ...place, state: 'unknown', since };
    if (!content) return undefined;
    const owner = ownerOf(content);
    return { ...place, state: await judge(content), ...(owner ? { owner } : {}), since };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
