import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { systemErrorCode } from '../base/errors.ts';
import { isMissing } from './durableFile.ts';
import { identify, isInReach, liveness, processIdentitySchema, processTable } from './processIdentity.ts';

/*
 * Written by hand because the known libraries judge a lock by its age, and two takers of a stale lock can both
 * win: here an owner is gone only if its process is proven gone, and taking over is itself guarded by a lock.
 */

const ownerSchema = v.object({ ...processIdentitySchema.entries, host: v.string(), nonce: v.string() });
export type LockOwner = v.InferOutput<typeof ownerSchema>;

export interface Lock {
  /** Gives the lock up, unless it is no longer ours. */
  release(): Promise<void>;
}

/** How a {@link tryLock} ended. */
export type LockAttempt = { lock: Lock } | { heldBy: LockOwner | undefined };

/**
 * Takes the lock at `file` if it is free or its owner is proven gone. Of any number of takers exactly one wins;
 * a living owner is never robbed, however old its lock.
 */
export async function tryLock(file: string): Promise<LockAttempt> {
  const owner: LockOwner = { ...(await identify(process.pid)), host: hostname(), nonce: randomUUID() };
  const claim = `${file}.${owner.nonce}`;
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(claim, JSON.stringify(owner), { mode: 0o600 });
  try {
    return await take(file, claim, owner);
  } finally {
    await unlink(claim).catch(ignoreMissing);
  }
}

/** A hard link appears whole or not at all, and never over an existing file. */
async function take(file: string, claim: string, owner: LockOwner): Promise<LockAttempt> {
  for (;;) {
    try {
      await link(claim, file);
      return { lock: held(file, owner) };
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    }
    const current = await readOwner(file);
    if (current === 'gone') continue;
    if (!(await isGone(current))) return { heldBy: isReadable(current) ? current : undefined };
    // The right to replace one dead owner is a lock of its own, named after that owner's nonce.
    const right = await tryLock(`${file}.${current.nonce.slice(0, 8)}`);
    if (!('lock' in right)) return right;
    try {
      if (await replace(file, current, claim)) return { lock: held(file, owner) };
    } finally {
      await right.lock.release();
    }
  }
}

/** With the right in hand and the dead owner's nonce still in place, nobody else may rename over it. */
async function replace(file: string, dead: LockContent, claim: string): Promise<boolean> {
  const current = await readOwner(file);
  if (current === 'gone' || current.nonce !== dead.nonce) return false;
  await rename(claim, file);
  return true;
}

function held(file: string, owner: LockOwner): Lock {
  return {
    async release() {
      const current = await readOwner(file);
      if (current !== 'gone' && current.nonce === owner.nonce) await unlink(file).catch(ignoreMissing);
    },
  };
}

/** The owner named in a lock file, for a reader that does not want the lock. */
export async function readLock(file: string): Promise<LockOwner | undefined> {
  const owner = await readOwner(file);
  return owner !== 'gone' && isReadable(owner) ? owner : undefined;
}

/**
 * Whether this machine can tell if the owner lives: a machine of another name may be this one, and one boot may
 * have many containers. An owner of an earlier boot is gone from all of them.
 */
export async function canBeJudged(owner: LockOwner): Promise<boolean> {
  const bootId = await processTable()
    .bootId()
    .catch(() => undefined);
  return owner.bootId === bootId ? isInReach(owner) : owner.host === hostname();
}

/** For a user who has to judge whether a lock's owner still lives. */
export function describeOwner(file: string, owner: LockOwner | undefined): string {
  const who = owner ? `process ${owner.pid} on ${owner.host}` : 'an unknown process';
  return `Its lock ${file} is held by ${who}.`;
}

/** A lock without an owner in it, as a power cut can leave it; the nonce tells it from the next one. */
interface UnreadableLock {
  nonce: string;
  /** Milliseconds since 1970. */
  writtenAt: number;
}

type LockContent = LockOwner | UnreadableLock;

function isReadable(content: LockContent): content is LockOwner {
  return 'pid' in content;
}

async function readOwner(file: string): Promise<LockContent | 'gone'> {
  try {
    const owner = v.safeParse(ownerSchema, parseJson(await readFile(file, 'utf8')));
    if (owner.success) return owner.output;
    const { ino, mtimeMs } = await stat(file);
    return { nonce: digest(`${ino} ${mtimeMs}`), writtenAt: mtimeMs };
  } catch (error) {
    if (isMissing(error)) return 'gone';
    throw error;
  }
}

/** On another machine's file system nothing can be proven from here. */
async function isGone(content: LockContent): Promise<boolean> {
  if (!isReadable(content)) return content.writtenAt < Date.now() - uptime() * 1000;
  return (await canBeJudged(content)) && (await liveness(content)) === 'gone';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
