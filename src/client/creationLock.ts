import { HoldfastError } from '../base/errors.ts';
import { creationLockFile } from '../node/creationLocks.ts';
import { toStorageError } from '../node/durableFile.ts';
import { type LockAttempt, tryLock } from '../node/lockFile.ts';
import { describeOwner } from '../node/lockOwner.ts';
import { type Machine, repositoryPlaces } from '../node/places.ts';
import type { Workplace } from '../node/repository.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/**
 * Runs `task`, which makes the session's worktree, unless another process does so and lives.
 *
 * @throws {HoldfastError} `SESSION_RUNNING`, `DISK_FULL`, `STORAGE_NOT_WRITABLE`
 */
export async function whileCreating<T>(
  { machine, workplace }: { machine: Machine; workplace: Workplace },
  { id, name }: Pick<SessionRecord, 'id' | 'name'>,
  task: () => Promise<T>,
): Promise<T> {
  const file = creationLockFile(repositoryPlaces(machine, workplace.key).folder, id);
  const attempt = await take(file);
  if (!('lock' in attempt)) {
    throw new HoldfastError('SESSION_RUNNING', `“${name}” is being made by another window.`, {
      advice: `Try again once it is there. ${describeOwner(file, attempt.heldBy)}`,
      data: { id, file, pid: attempt.heldBy?.pid },
    });
  }
  try {
    return await task();
  } finally {
    await attempt.lock.release().catch(() => undefined);
  }
}

async function take(file: string): Promise<LockAttempt> {
  try {
    return await tryLock(file);
  } catch (error) {
    throw toStorageError(error, file);
  }
}
