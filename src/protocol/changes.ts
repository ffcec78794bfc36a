/** What git does to a worktree over several commands. */
export type OperationKind = 'merge' | 'rebase' | 'am' | 'cherryPick' | 'revert' | 'bisect';

export interface Operation {
  kind: OperationKind;
  /** Of how many steps, counted from 1; both absent where it has none, or git does not tell. */
  step?: number;
  total?: number;
}

/** How a branch stands to its base. */
export interface BaseComparison {
  /** As the record names it: a branch, or a commit. */
  ref: string;
  /** Where it stands; a full hash. */
  commit: string;
  /** Commits that the branch has and the base does not, and the other way round. */
  ahead: number;
  behind: number;
}

/** What was done in a session's worktree. */
export interface KnownChanges {
  id: string;
  /** When it was looked at; ISO 8601 UTC. */
  at: string;
  state: 'known';
  /** Files whose content on disk is not what is staged. */
  changed: number;
  /** Files that are staged and not committed. */
  staged: number;
  /** Files that git neither knows nor ignores. */
  untracked: number;
  /** Files whose conflicts are not settled. */
  conflicted: number;
  /** Each file of those above once. */
  uncommitted: number;
  /** What is checked out, a full hash; null before the first commit. */
  head: string | null;
  /** Null with a detached HEAD. */
  branch: string | null;
  /** Absent where the base is gone. */
  base?: BaseComparison;
  /** Commits since the session began; absent where it is not known where it began. */
  commits?: number;
  operation?: Operation;
  /** What differs from the base, committed or not, relative to the worktree with `/`, sorted; only the first. */
  paths: string[];
  /** How many more there are. */
  morePaths: number;
}

/** What was done there is not known, which is not nothing. */
export interface UnknownChanges {
  id: string;
  /** When that was found; ISO 8601 UTC. */
  at: string;
  /** It is made with the next start; it is not there any more, or none of this repository; git failed, or took too long. */
  state: 'unmade' | 'gone' | 'foreign' | 'failed' | 'timeout';
  /** Why, as a part of a sentence. */
  why: string;
}

export type WorktreeChanges = KnownChanges | UnknownChanges;

/** What would come of merging the committed work of two sessions. */
export interface MergeForecast {
  /** `pending`: it is still to be looked at. `unknown`: it cannot be told. */
  state: 'clean' | 'conflicts' | 'pending' | 'unknown';
  /** The files with conflicts; only the first. */
  files?: string[];
  /** Why it cannot be told, as a part of a sentence. */
  why?: string;
}

/** Two sessions that change the same files, or whose work conflicts. */
export interface Overlap {
  ids: [string, string];
  /** What both change, sorted; only the first. */
  files: string[];
  /** How many files both change. */
  count: number;
  /** Of what is committed. */
  merge: MergeForecast;
}

/** What was done in all sessions' worktrees, as far as it was looked at. */
export interface ChangesReport {
  /** ISO 8601 UTC. */
  at: string;
  /** A session that nobody has looked at yet is not in it, nor one without a worktree. */
  sessions: WorktreeChanges[];
  overlaps: Overlap[];
}

/** What of a report differs from what was told before. */
export interface ChangesDelta {
  /** ISO 8601 UTC. */
  at: string;
  sessions: WorktreeChanges[];
  /** Ids of sessions that have no changes any more. */
  gone: string[];
  /** All of them, where any differs. */
  overlaps?: Overlap[];
}
