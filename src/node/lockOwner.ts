import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import * as v from 'valibot';
import { HoldfastError } from '../base/errors.ts';
import { isMissing } from './durableFile.ts';
import { isInReach, liveness, type ProcessTable, processIdentitySchema, processTable } from './processIdentity.ts';
import { readRegularFile } from './regularFile.ts';

const ownerSchema = v.object({ ...processIdentitySchema.entries, host: v.string(), nonce: v.string() });
export type LockOwner = v.InferOutput<typeof ownerSchema>;

/** `held` by an owner that is proven alive, `stale` where it is proven gone. */
export type LockState = 'held' | 'stale' | 'unknown';

/** A lock without an owner in it, as a power cut can leave it; the nonce tells it from the next one. */
interface UnreadableLock {
  nonce: string;
  /** Milliseconds since 1970. */
  writtenAt: number;
}

export type LockContent = LockOwner | UnreadableLock;

/** An owner takes a few hundred bytes; what is longer than this names none. */
const maxLockSize = 64 * 1024;

/** What a lock file says; undefined where there is none. @throws {HoldfastError} `STORAGE_NOT_WRITABLE` for no file */
export async function readContent(file: string): Promise<LockContent | undefined> {
  try {
    const owner = parseOwner(await readText(file));
    if (owner) return owner;
    const { ino, mtimeMs } = await stat(file);
    return { nonce: digest(`${ino} ${mtimeMs}`), writtenAt: mtimeMs };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function readText(file: string): Promise<string> {
  try {
    return (await readRegularFile(file, maxLockSize)).toString('utf8');
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    throw new HoldfastError('STORAGE_NOT_WRITABLE', `What is in the place of the lock ${file} is none.`, {
      advice: 'Move it away and try again.',
      data: { file },
      cause: error,
    });
  }
}

/** The owner that a lock file's text names; undefined where it names none. */
export function parseOwner(text: string): LockOwner | undefined {
  const owner = v.safeParse(ownerSchema, parseJson(text));
  return owner.success ? owner.output : undefined;
}

export function ownerOf(content: LockContent | undefined): LockOwner | undefined {
  return content && 'pid' in content ? content : undefined;
}

/** The owner named in a lock file, for a reader that does not want the lock. */
export async function readLock(file: string): Promise<LockOwner | undefined> {
  return ownerOf(await readContent(file));
}

/** Nonces of locks that this process has given up, whether or not their files could be removed. */
const givenUp = new Set<string>();

/** Enough for every lock that could not be removed for a while. */
const maxGivenUp = 1_000;

/** Says that a lock of this process is its own no longer, so that anyone in it may take it anew. */
export function giveUp({ nonce }: LockOwner): void {
  givenUp.add(nonce);
  const [oldest] = givenUp;
  if (givenUp.size > maxGivenUp && oldest !== undefined) givenUp.delete(oldest);
}

/** What can be proven from here of the lock's owner; nothing of one on another machine's file system. */
export async function judge(content: LockContent, table: ProcessTable = processTable()): Promise<LockState> {
  const owner = ownerOf(content);
  if (!owner) return (content as UnreadableLock).writtenAt < Date.now() - uptime() * 1000 ? 'stale' : 'unknown';
  if (givenUp.has(owner.nonce)) return 'stale';
  if (!(await canBeJudged(owner, table))) return 'unknown';
  return ({ alive: 'held', gone: 'stale', unknown: 'unknown' } as const)[await liveness(owner, table)];
}

/**
 * Whether this machine can tell if the owner lives: a machine of another name may be this one, and one boot may
 * have many containers. An owner of an earlier boot is gone from all of them.
 */
export async function canBeJudged(owner: LockOwner, table: ProcessTable = processTable()): Promise<boolean> {
  const bootId = await table.bootId().catch(() => undefined);
  return owner.bootId === bootId ? isInReach(owner, table) : owner.host === hostname();
}

/** For a user who has to judge whether a lock's owner still lives. */
export function describeOwner(file: string, owner: LockOwner | undefined): string {
  const who = owner ? `process ${owner.pid} on ${owner.host}` : 'an unknown process';
  return `Its lock ${file} is held by ${who}.`;
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
