import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** How a session’s worktree is, as far as git’s files and git itself tell. */
export type WorktreeSituation =
  /** It is where it should be, with the session’s branch. */
  | { kind: 'sound' }
  /** Another branch is checked out in it, or with null a commit alone. */
  | { kind: 'otherBranch'; branch: string | null; isOldBranchThere: boolean; takenBy?: string }
  /** Its folder was moved, and git knows where to. */
  | { kind: 'moved'; to: string }
  /** Its folder is gone. `isNoted`: git still has what was staged in it. */
  | { kind: 'gone'; isNoted: boolean; isBranchThere: boolean }
  /** Something else is in its place; `why` goes on after “what is in its place is”. */
  | { kind: 'foreign'; why: string };

/** What can be done about it. */
export const worktreeRepairs = ['follow', 'switchBack', 'use', 'recreate'] as const;
export type WorktreeRepair = (typeof worktreeRepairs)[number];

/** One sentence about the worktree of a session. */
export function describeSituation({ name, branch, worktreePath }: SessionRecord, situation: WorktreeSituation): string {
  switch (situation.kind) {
    case 'sound':
      return `The worktree of “${name}” is as it should be: ${branch} in ${worktreePath}.`;
    case 'otherBranch': {
      const there = situation.branch === null ? 'no branch, but a commit,' : `the branch ${situation.branch}`;
      const gone = situation.isOldBranchThere ? '' : ', which is gone';
      return `The worktree of “${name}” has ${there} checked out instead of ${branch}${gone}.`;
    }
    case 'moved':
      return `The worktree of “${name}” was moved from ${worktreePath} to ${situation.to}.`;
    case 'gone':
      return `The worktree of “${name}” is gone: ${worktreePath}. ${describeRest(branch, situation)}`;
    case 'foreign':
      return `What is in the place of the worktree of “${name}” is ${situation.why}: ${worktreePath}.`;
  }
}

function describeRest(
  branch: string,
  { isNoted, isBranchThere }: { isNoted: boolean; isBranchThere: boolean },
): string {
  if (!isBranchThere) return `Its branch ${branch} is gone, too.`;
  return isNoted
    ? `Its branch ${branch} and what was staged in it are still there.`
    : `Its branch ${branch} is still there.`;
}

/** What can be done, the most likely first; `use` of a folder that the user names is always possible where it is not in its place. */
export function repairsFor(situation: WorktreeSituation): WorktreeRepair[] {
  switch (situation.kind) {
    case 'sound':
      return [];
    case 'otherBranch': {
      const canFollow = situation.branch !== null && situation.takenBy === undefined;
      return [
        ...(canFollow ? ['follow' as const] : []),
        ...(situation.isOldBranchThere ? ['switchBack' as const] : []),
      ];
    }
    case 'moved':
    case 'foreign':
      return ['use'];
    case 'gone':
      return ['recreate', 'use'];
  }
}
