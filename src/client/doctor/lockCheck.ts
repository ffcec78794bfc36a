import { type FoundLock, findLocks } from '../../node/findLocks.ts';
import { tryLock } from '../../node/lockFile.ts';
import { ownIdentity, type ProcessIdentity } from '../../node/processIdentity.ts';
import { storageLocks } from '../windowStorages.ts';
import type { Diagnosed } from './doctorContext.ts';
import type { Examination } from './examination.ts';

/**
 * Locks whose owner is gone, or of whom nothing can be told. Those of runtime copies belong to all repositories, and
 * go with the copies.
 */
export async function checkLocks(examination: Examination): Promise<Diagnosed[]> {
  const { context, places } = examination;
  const storages = await examination.storages();
  const extra = storages.flatMap(({ folder }) => storageLocks(folder));
  const locks = await findLocks({ machine: context.machine, key: places.key, extra });
  const own = await ownIdentity();
  return locks.filter((lock) => lock.kind !== 'runtime' && !isOf(own, lock)).flatMap(judgeLock);
}

/** A window that looks at itself may be giving up a lock at this very moment. */
function isOf({ pid, startTime, bootId }: ProcessIdentity, { owner }: FoundLock): boolean {
  return owner?.pid === pid && owner.startTime === startTime && owner.bootId === bootId;
}

function judgeLock(lock: FoundLock): Diagnosed[] {
  const { state, file: subject } = lock;
  const evidence = describe(lock);
  if (state === 'held') return [];
  if (state === 'stale') {
    const problem = 'The lock’s owner is gone.';
    const repair = { text: 'Remove it; whoever needs it next would take it over anyway.', isSafe: true };
    const common = { severity: 'warning' as const, subject, problem, evidence };
    return [{ code: 'lock-stale', ...common, repair, apply: () => removeStaleLock(subject) }];
  }
  const problem = 'It cannot be told from here whether the lock’s owner lives.';
  const text = 'Delete the file if that process, its machine or its container is gone for good.';
  return [{ code: 'lock-unknown', severity: 'warning', subject, problem, evidence, repair: { text, isSafe: false } }];
}

/** The lock of a process that is proven gone can be had, and is then removed; so can the claim to one. */
export async function removeStaleLock(file: string): Promise<string> {
  const attempt = await tryLock(file);
  if (!('lock' in attempt)) return 'A process that lives has it by now, so that it stays.';
  await attempt.lock.release();
  return 'It was removed.';
}

function describe({ kind, owner, since }: FoundLock): string[] {
  const who = owner ? `Process ${owner.pid} on ${owner.host}` : 'A process that it does not name';
  return [`${who} took it at ${since} (${kind}).`];
}
