import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { helperAddress } from '../node/helperAddress.ts';
import { revokeDrafts } from '../node/leftDrafts.ts';
import { type Lock, supersedeLock, tryLock } from '../node/lockFile.ts';
import { type LockOwner, readLock } from '../node/lockOwner.ts';
import type { Log } from '../node/log.ts';
import type { RepositoryPlaces } from '../node/places.ts';
import { liveness } from '../node/processIdentity.ts';
import { isListenedAt } from '../node/sockets.ts';
import { readToken } from '../node/token.ts';
import { helperProtocol } from '../protocol/versions.ts';
import { isSilent } from './formerHelper.ts';
import { ServingRight } from './servingRight.ts';

/** How long a helper that a client found silent is listened to once more; milliseconds. */
const lastChance = 2_000;

export interface RightOptions {
  places: RepositoryPlaces;
  /** The nonce in the helper's lock when a client found its owner silent; absent where nobody is to be superseded. */
  former: string | undefined;
  version: string;
  log: Log;
}

/** The right to serve the repository; undefined where another helper has it. */
export async function takeRight(options: RightOptions): Promise<ServingRight | undefined> {
  const { places, former, log } = options;
  if (former !== undefined) return supersede(options, former);
  const attempt = await tryLock(places.helperLock);
  return 'lock' in attempt ? ServingRight.begin(places, attempt.lock, log) : undefined;
}

/** Takes the right from a helper that lives but does not answer, which is left to notice that by itself. */
async function supersede(options: RightOptions, former: string): Promise<ServingRight | undefined> {
  const { places, log } = options;
  const taken = await takeLock(options, former);
  if (!taken) return undefined;
  const right = await ServingRight.begin(places, taken.lock, log);
  await closeFormer(places, taken.owner);
  log.warn('A helper that does not answer was superseded', { former: taken.owner.pid, epoch: right.epoch });
  return right;
}

/** Of many who try, one succeeds, and none of them takes the lock from that one. */
async function takeLock(options: RightOptions, former: string): Promise<{ lock: Lock; owner: LockOwner } | undefined> {
  const { places } = options;
  const takeover = await tryLock(places.takeoverLock);
  if (!('lock' in takeover)) return undefined;
  try {
    const owner = await readLock(places.helperLock);
    // Whoever has the lock by now is not the one that was found silent; and one that is gone needs no force.
    if (owner?.nonce !== former || (await liveness(owner)) !== 'alive') return undefined;
    if (!(await staysSilent(options))) return undefined;
    const attempt = await supersedeLock(places.helperLock, owner, takeover.lock);
    return 'lock' in attempt ? { lock: attempt.lock, owner } : undefined;
  } finally {
    await takeover.lock.release();
  }
}

/**
 * Closes to a superseded helper what it may have begun. It looks at the lock when what it writes is whole but not yet in
 * place, so what is in place by now is to be read, and of the rest nothing will be.
 */
async function closeFormer(places: RepositoryPlaces, former: LockOwner): Promise<void> {
  // Clients are to find nobody rather than one who never answers, for as long as this helper takes to begin.
  if (process.platform !== 'win32') await rm(await helperAddress(places), { force: true });
  const ids = await readdir(places.sessionsFolder).catch(() => []);
  await Promise.all(ids.map((id) => revokeDrafts(path.join(places.sessionsFolder, id, 'record.json'), former.pid)));
}

async function staysSilent({ places, version }: RightOptions): Promise<boolean> {
  const token = await readToken(places.stateFolder);
  const client = { kind: 'cli' as const, pid: process.pid, version };
  return isSilent(await helperAddress(places), { protocol: helperProtocol, token, client }, lastChance);
}

/**
 * Where a helper listens that has the right to. A pipe of Windows cannot be taken from a process that lives, as a
 * superseded helper may; then it is one of the helper's own, which its file names.
 */
export async function withFreeSocket(
  places: RepositoryPlaces,
  { epoch }: Pick<ServingRight, 'epoch'>,
  platform = process.platform,
): Promise<RepositoryPlaces> {
  if (platform !== 'win32') return places;
  const isTaken = await isListenedAt(places.helperSocket).catch(() => true);
  return isTaken ? { ...places, helperSocket: `${places.helperSocket}-${epoch}` } : places;
}
