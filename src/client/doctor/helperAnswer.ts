import path from 'node:path';
import { delay } from '../../base/async.ts';
import { backoff } from '../../base/backoff.ts';
import { HoldfastError, systemErrorCode, toErrorShape } from '../../base/errors.ts';
import { isMissing } from '../../node/durableFile.ts';
import { helperAddress } from '../../node/helperAddress.ts';
import { judge, ownerOf, readContent } from '../../node/lockOwner.ts';
import type { RepositoryPlaces } from '../../node/places.ts';
import { readRegularFile } from '../../node/regularFile.ts';
import type { HealthReport } from '../../protocol/health.ts';
import { type HelperHello, helperMethods } from '../../protocol/helperRpc.ts';
import type { SessionRecord } from '../../protocol/sessionRecord.ts';
import { HelperConnection } from '../helperConnection.ts';
import { probeSocket } from './socketProbe.ts';

/** A helper that has just taken its lock may need this long to open its socket; milliseconds. */
const openingPatience = 2_000;

/** How long it may take to list its sessions; milliseconds. */
const listDeadline = 5_000;

/** What came of asking the repository's helper for its sessions. */
export type HelperAnswer =
  | { state: 'none' }
  /** Tombstones included. */
  | { state: 'answers'; pid: number; records: SessionRecord[]; health?: HealthReport }
  /** It lives, and this is what it did instead of answering. */
  | { state: 'silent'; pid?: number; reason: string };

export interface HelperQuestion {
  client: HelperHello['client'];
  /** Looks for a helper among the processes. */
  search: () => Promise<number | undefined>;
}

/**
 * Asks the helper that runs; unlike a client that wants to work with it, starts and replaces none. One that has lost
 * its lock, or refuses the token, lives all the same.
 */
export async function askHelper(places: RepositoryPlaces, { client, search }: HelperQuestion): Promise<HelperAnswer> {
  const content = await readContent(places.helperLock);
  const owner = content && (await judge(content)) === 'held' ? ownerOf(content) : undefined;
  if (!owner && !(await isThere(places, search))) return { state: 'none' };
  let connection: HelperConnection | undefined;
  try {
    connection = await connectPatiently(places, client);
    const { records } = await connection.request0(helperMethods.list, listDeadline);
    // An older helper knows nothing of it.
    const health = await connection.request0(helperMethods.health, listDeadline).catch(() => undefined);
    return { state: 'answers', pid: connection.pid, records, ...(health ? { health } : {}) };
  } catch (error) {
    // By now it may have ended.
    if (!owner && !(await isThere(places, search))) return { state: 'none' };
    const pid = owner?.pid ?? (await search());
    return { state: 'silent', ...(pid === undefined ? {} : { pid }), reason: toErrorShape(error).message };
  } finally {
    connection?.dispose();
  }
}

async function isThere(places: RepositoryPlaces, search: HelperQuestion['search']): Promise<boolean> {
  return (await probeSocket(await helperAddress(places))) === 'living' || (await search()) !== undefined;
}

async function connectPatiently(places: RepositoryPlaces, client: HelperHello['client']): Promise<HelperConnection> {
  const giveUpAt = performance.now() + openingPatience;
  for (const pause of backoff({ initial: 20, max: 200 })) {
    try {
      return await connectOnce(places, client);
    } catch (error) {
      if (error instanceof HoldfastError || !systemErrorCode(error) || performance.now() > giveUpAt) throw error;
    }
    await delay(pause);
  }
  throw new Error('The pauses never end.');
}

async function connectOnce(places: RepositoryPlaces, client: HelperHello['client']): Promise<HelperConnection> {
  // Read here, because the usual way makes one where there is none.
  const token = await readRegularFile(path.join(places.stateFolder, 'token')).catch((error) => {
    if (isMissing(error)) return '';
    throw error;
  });
  return HelperConnection.connect({ socket: await helperAddress(places), token: token.toString().trim(), client });
}
