import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { ForgottenSession } from './destroyedNotes.ts';
import type { WorktreeTag } from './worktreeTag.ts';

/** A place that holds records: the replica of a window, or the folder of one session. */
export interface RecordSource {
  kind: 'replica' | 'sessionFolder';
  /** The file. */
  path: string;
  records: readonly SessionRecord[];
  /** Whether the host of the session lives whose folder it is. */
  hostLives?: boolean;
}

/** A worktree other than the main checkout, as git and the notes in its git dir have it. */
export interface SeenWorktree {
  path: string;
  /** Absent where no branch is checked out. */
  branch?: string | undefined;
  /** Present where it is locked. */
  lockReason?: string | undefined;
  /** Present where git would forget it. */
  prunableReason?: string | undefined;
  /** Whether its folder exists. */
  isThere: boolean;
  /** Whether it lies in the folder that is set for sessions' worktrees. */
  isInFolder: boolean;
  /** Where its tag is, or would be. */
  tagFile?: string;
  tag?: WorktreeTag;
  /** Why a tag that is there cannot be used. */
  problem?: string;
  /** Only a newer version understands it. */
  isNewer?: true;
  /** False where the folder's own link leads to another repository. */
  linksBack?: boolean;
}

/** All that was found out about the sessions of one repository. */
export interface RebuildEvidence {
  /** Of the repository. */
  key: string;
  /** What is checked out in the main checkout. */
  mainBranch?: string | undefined;
  /** What this window or the helper knows, tombstones included. */
  known: readonly SessionRecord[];
  sources: readonly RecordSource[];
  worktrees: readonly SeenWorktree[];
  /** Destroyed sessions whose tombstones are gone, by id. */
  forgotten?: ReadonlyMap<string, ForgottenSession>;
  now: Date;
  /** Whether worktrees that were kept of destroyed sessions are proposed as well. */
  withKept?: boolean;
}

/** A record and the file that it is from. */
export interface RestoredSession {
  record: SessionRecord;
  from: { kind: RecordSource['kind'] | 'tag'; path: string };
}

/** Whether the worktree's tag is one of this repository. */
export function isOwn({ tag, linksBack }: SeenWorktree, key: string): boolean {
  return tag?.key === key && linksBack !== false;
}

/** In the order of their paths. */
export function byPath(a: { path: string }, b: { path: string }): number {
  return compare(a.path, b.path);
}

/** By the characters themselves, alike in every language. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
