import os from 'node:os';
import type { Loss } from './durableModel.ts';

export const errorCodes = ['ENOSPC', 'EIO', 'EPERM', 'EACCES'] as const;

/**
 * What can happen at an operation:
 * - it fails with an error and has no effect;
 * - the disk is full from then on, for all that takes space;
 * - a write takes half of the bytes, and says so;
 * - the process is killed right after it, or in the middle of a write;
 * - the power is cut right after it: content that was not synced is lost, and names of folders may be, too.
 */
export const faultKinds = [
  ...errorCodes,
  'the disk is full from here on',
  'only half is written',
  'killed in the middle',
  'killed after it',
  'power cut after it, content lost',
  'power cut after it, names and content lost',
] as const;

export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  kind: FaultKind;
  /** The number of the operation that it strikes, from 1. */
  at: number;
}

/** What is lost with each power cut. */
export const losses: Record<string, Loss> = {
  'power cut after it, content lost': 'content',
  'power cut after it, names and content lost': 'names and content',
};

/** What can happen to writes alone. */
export const ofWrites: readonly FaultKind[] = ['only half is written', 'killed in the middle'];

/** What can happen to an operation that changes nothing; all else is the same as at the one before or after it. */
const ofReads: readonly FaultKind[] = ['EIO', 'EACCES'];

const reads =
  /^(stat|lstat|fstat|access|readFile|readdir|readlink|realpath|read|opendir|open to read|close after reading) /;

/** Where a fault can strike: at an operation, told as {@link FaultyDisk.operations} does, or after the last one. */
export function canStrike(kind: FaultKind, operation: string | undefined): boolean {
  if (operation === undefined) return kind in losses;
  if (reads.test(operation)) return ofReads.includes(kind);
  return operation.startsWith('write ') || !ofWrites.includes(kind);
}

export function isError(kind: FaultKind): boolean {
  return (errorCodes as readonly string[]).includes(kind);
}

/** An error as the file system has them. */
export function failure(code: string, syscall: string): Error {
  const errno = (os.constants.errno as Record<string, number>)[code];
  return Object.assign(new Error(`${code}: a fault of the test, ${syscall}`), { code, errno: -(errno ?? 1), syscall });
}
