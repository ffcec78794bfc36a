import type { WorktreeTrouble } from '../protocol/health.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { wasStarted } from './sessionRecord.ts';

/** What git’s own files say of the folder that a session has for its worktree. */
export type WorktreeLink =
  /** It is the session’s. `branch` is what is checked out: null for a commit alone, absent where git’s files do not tell. */
  | { state: 'own'; branch?: string | null }
  /** `wasThere`: it was seen before, so that somebody has removed it. */
  | { state: 'gone'; wasThere?: true }
  /** `why` goes on after “its worktree … is”, as a part of a sentence. */
  | { state: 'foreign'; why: string };

/** What is wrong with a session’s worktree, as parts of sentences. */
export interface WorktreeFinding {
  trouble: WorktreeTrouble;
  what: string;
  action: string;
}

const repair = '“Repair Worktree…” tells what can be done.';

/**
 * Whether a session has no worktree yet: one whose creation was cut short, or that came back from a backup, gets it with
 * its next start.
 */
export function isYetToBeMade(record: SessionRecord, link: { state: string; wasThere?: boolean }): boolean {
  return link.state === 'gone' && !link.wasThere && !wasStarted(record);
}

/** Undefined where nothing is wrong; a session without a worktree has none that could be. */
export function judgeWorktree(record: SessionRecord, link: WorktreeLink): WorktreeFinding | undefined {
  const { branch, worktreePath } = record;
  if (!branch || isYetToBeMade(record, link)) return undefined;
  if (link.state === 'gone') return { trouble: 'gone', what: `its worktree ${worktreePath} is gone`, action: repair };
  if (link.state === 'foreign')
    return { trouble: 'foreign', what: `its worktree ${worktreePath} is ${link.why}`, action: repair };
  if (link.branch === undefined || link.branch === branch) return undefined;
  const there = link.branch === null ? 'no branch, but a commit,' : `the branch ${link.branch}`;
  return { trouble: 'otherBranch', what: `its worktree has ${there} checked out instead of ${branch}`, action: repair };
}

/** Whether a tag that names the session `taggedId` may stand in the worktree of `record`: its own, or that of the one it continues. */
export function isTagOf(taggedId: string, { id, metadata }: Pick<SessionRecord, 'id' | 'metadata'>): boolean {
  return taggedId === id || taggedId === metadata?.restoredFrom;
}
