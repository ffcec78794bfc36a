import { readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { delay } from '../base/async.ts';
import { backoff } from '../base/backoff.ts';
import { HoldfastError, systemErrorCode } from '../base/errors.ts';
import { isMissing } from './durableFile.ts';
import { LockClaim } from './lockClaim.ts';
import { describeOwner, judge, type LockContent, type LockOwner, ownerOf, readContent, readLock } from './lockOwner.ts';
import { type ProcessTable, processTable } from './processIdentity.ts';

/*
 * Written by hand because the known libraries judge a lock by its age, and two takers of a stale lock can both
 * win: here an owner is gone only if its process is proven gone, and taking over is itself guarded by a lock.
 */

export interface Lock {
  /** Whether the file still names this owner, and not another one or none. */
  isInPlace(): Promise<boolean>;
  /** Gives the lock up, unless it is no longer ours. */
  release(): Promise<void>;
}

/** How a {@link tryLock} ended. */
export type LockAttempt = { lock: Lock } | { heldBy: LockOwner | undefined };

/**
 * Takes the lock at `file` if it is free or its owner is proven gone. Of any number of takers exactly one wins;
 * a living owner is never robbed, however old its lock. When this process ends, the lock is given up.
 */
export async function tryLock(file: string, table: ProcessTable = processTable()): Promise<LockAttempt> {
  const attempt = await take(file, table);
  // What killed takers have left does no harm where it stays.
  if ('lock' in attempt) await sweep(file, table).catch(() => undefined);
  return attempt;
}

/**
 * Takes the lock at `file` from `former`, which may live: the one exception to the rule of {@link tryLock}, for an
 * owner that was seen not to answer and that looks at the lock before all it does. The caller holds `right`, a lock
 * that only one who wants this may have.
 *
 * @throws {HoldfastError} `LOCKED` where the right is no longer the caller's.
 */
export async function supersedeLock(file: string, former: LockOwner, right: Lock): Promise<LockAttempt> {
  if (!(await right.isInPlace())) throw new HoldfastError('LOCKED', `The right to take ${file} over was lost.`);
  const claim = await LockClaim.write(file);
  try {
    return (await replaceOwner(claim, former, processTable())) ?? { heldBy: await readLock(file) };
  } finally {
    await claim.remove();
  }
}

export interface AcquireOptions {
  /** How long to wait for the lock; milliseconds. */
  deadlineMs: number;
  signal?: AbortSignal;
}

/** Bounds of the pauses between two looks at a lock that is waited for; milliseconds. */
const pauseBounds = { initial: 5, max: 100 };

/** How often a waiter has the system judge the owner, which takes a program on some; milliseconds. */
const judgeInterval = 1_000;

/**
 * Waits until the lock is free or its owner is proven gone, and takes it.
 *
 * @throws {HoldfastError} `LOCKED` on the deadline, with the owner's `pid` and the `file` in its data.
 * @throws the signal's reason once that aborts.
 */
export async function acquireLock(file: string, { deadlineMs, signal }: AcquireOptions): Promise<Lock> {
  const giveUpAt = performance.now() + deadlineMs;
  const pauses = backoff(pauseBounds);
  for (;;) {
    signal?.throwIfAborted();
    const attempt = await tryLock(file);
    if ('lock' in attempt) return attempt.lock;
    const now = performance.now();
    if (now >= giveUpAt) throw lockedError(file, attempt.heldBy, deadlineMs);
    const until = Math.min(giveUpAt, now + judgeInterval);
    await waitForChange(file, attempt.heldBy, { pauses, until, signal });
  }
}

/** Runs `task` with the lock in hand. @throws as {@link acquireLock} and `task` do. */
export async function withLock<T>(file: string, options: AcquireOptions, task: () => Promise<T>): Promise<T> {
  const lock = await acquireLock(file, options);
  try {
    return await task();
  } finally {
    // What the task has done counts, and the lock is given up at the latest when the process ends.
    await lock.release().catch(() => undefined);
  }
}

interface Patience {
  pauses: Iterator<number>;
  /** As `performance.now()` counts. */
  until: number;
  signal: AbortSignal | undefined;
}

/** Resolves when the lock may be had, and at the latest `until`. */
async function waitForChange(file: string, owner: LockOwner | undefined, patience: Patience): Promise<void> {
  const { pauses, until, signal } = patience;
  do {
    await delay(Math.max(0, Math.min(pauses.next().value, until - performance.now())), signal);
    const nonce = (await readContent(file))?.nonce;
    if (!owner || nonce !== owner.nonce || !isPidTaken(owner.pid)) return;
  } while (performance.now() < until);
}

/** Asks for no more than a hint: in a container or on another machine the number may be somebody else's. */
function isPidTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return systemErrorCode(error) !== 'ESRCH';
  }
  return true;
}

function lockedError(file: string, owner: LockOwner | undefined, deadlineMs: number): HoldfastError {
  const waited = `${Number((deadlineMs / 1000).toFixed(1))} s`;
  return new HoldfastError('LOCKED', `Another process was still busy with this after ${waited}; nothing was changed.`, {
    advice: `${describeOwner(file, owner)} Try again when it is done, or end it if it hangs.`,
    data: { file, pid: owner?.pid },
  });
}

async function take(file: string, table: ProcessTable): Promise<LockAttempt> {
  let claim: LockClaim | undefined;
  try {
    for (;;) {
      const current = await readContent(file);
      if (current && (await judge(current, table)) !== 'stale') return { heldBy: ownerOf(current) };
      claim ??= await LockClaim.write(file);
      if (!current) {
        if (await claim.link()) return { lock: claim };
        continue;
      }
      const attempt = await replaceOwner(claim, current, table);
      if (attempt) return attempt;
    }
  } finally {
    await claim?.remove();
  }
}

/**
 * The right to replace one owner is a lock of its own, named after that owner's nonce. With the right in hand and the
 * nonce still in place, nobody else may rename over it. Undefined where somebody else has done so before.
 */
async function replaceOwner(
  claim: LockClaim,
  former: LockContent,
  table: ProcessTable,
): Promise<LockAttempt | undefined> {
  const right = await take(`${claim.file}.${former.nonce.slice(0, 8)}`, table);
  if (!('lock' in right)) return right;
  try {
    const current = await readContent(claim.file);
    return current?.nonce === former.nonce && (await claim.rename()) ? { lock: claim } : undefined;
  } finally {
    // Nobody wants to replace that owner any more.
    await right.lock.release().catch(() => undefined);
  }
}

/** How long a claim may be without content before its taker counts as gone; milliseconds. */
const writingPatience = 60_000;

const rightSuffix = /^(\.[0-9a-f]{8})+$/;
const claimSuffix = /^(\.[0-9a-f]{8})*\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Removes the claims and rights beside a lock whose takers were killed. */
async function sweep(file: string, table: ProcessTable): Promise<void> {
  const { dir, base } = path.parse(file);
  for (const name of await readdir(dir)) {
    const suffix = name.startsWith(base) ? name.slice(base.length) : '';
    if (claimSuffix.test(suffix)) await removeClaim(path.join(dir, name), table);
    else if (rightSuffix.test(suffix)) await removeRight(path.join(dir, name), table);
  }
}

async function removeClaim(claim: string, table: ProcessTable): Promise<void> {
  const content = await readContent(claim);
  if (!content) return;
  const isUnwritten = 'writtenAt' in content && Date.now() - content.writtenAt > writingPatience;
  if (isUnwritten || (await judge(content, table)) === 'stale') await unlink(claim).catch(ignoreMissing);
}

/** Only its owner may remove a lock; a right, too. */
async function removeRight(right: string, table: ProcessTable): Promise<void> {
  const content = await readContent(right);
  if (!content || (await judge(content, table)) !== 'stale') return;
  const attempt = await take(right, table);
  if ('lock' in attempt) await attempt.lock.release();
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
