import type { ErrorShape } from '../base/errors.ts';
import type { MergeConflict } from './mergeTree.ts';
import { listOf } from './presentation.ts';

/** A merge commit; one commit with all changes; the branch’s own commits on top. */
export const mergeWays = ['merge', 'squash', 'rebase'] as const;
export type MergeWay = (typeof mergeWays)[number];

/** A file that a merge changes in its target. */
export interface FileChange {
  kind: 'added' | 'deleted' | 'changed';
  /** Relative to the top of the repository, with slashes. */
  file: string;
}

/** Where the target is checked out, so that its files change with it. */
export interface TargetCheckout {
  path: string;
  /** The session that works in it, by its name. */
  session?: string;
}

/** What a merge would do, before anything is touched. */
export interface MergePlan {
  how: MergeWay;
  branch: string;
  /** What of the branch is merged; a full hash. */
  commit: string;
  into: string;
  /** Where the target stands; a full hash. */
  intoCommit: string;
  /** The subjects of the commits that the target does not have, oldest first. */
  subjects: string[];
  /** What the target’s files become: a tree that still needs a commit, or a commit that is there already. */
  result: { tree: string } | { commit: string };
  files: FileChange[];
  /** The message of the commit that is made; absent where the branch’s own commits are put on top. */
  message?: string;
  /** With any, nothing can be merged. */
  conflicts: MergeConflict[];
  /** Absent where the target is checked out nowhere: then only its ref moves. */
  checkout?: TargetCheckout;
  /** Why the merge would be refused, beside conflicts. */
  obstacle?: ErrorShape;
  /** What the user should know before, as whole sentences. */
  warnings: string[];
}

/** What a merge has done. */
export interface MergeOutcome {
  how: MergeWay;
  branch: string;
  into: string;
  /** Where the target stood and stands; full hashes. */
  from: string;
  to: string;
  /** How many commits of the branch came with it. */
  commits: number;
  /** How many files it has changed. */
  files: number;
  /** The checkout whose files were updated with it. */
  checkout?: string;
}

/** How many files a dialog names. */
const maxNamed = 10;

/** “2 commits, 3 files”. */
export function sizeOf({ subjects, files }: Pick<MergePlan, 'subjects' | 'files'>): string {
  return `${counted(subjects.length, 'commit')}, ${counted(files.length, 'file')}`;
}

/** What is to be known before a merge is agreed to, one sentence a line. */
export function describePlan(plan: MergePlan): string[] {
  const { checkout, into, files, warnings } = plan;
  const where = checkout
    ? `${into} is checked out in ${checkout.path}: ${counted(files.length, 'file')} will be updated there.`
    : `${into} is checked out nowhere: no file of any checkout changes.`;
  return [describeWay(plan), where, ...warnings];
}

function describeWay({ how, into, branch, subjects }: MergePlan): string {
  const commits = counted(subjects.length, 'commit');
  if (how === 'merge') return `A merge commit brings ${commits} of ${branch} into ${into}.`;
  if (how === 'squash') return `One new commit on ${into} holds what ${commits} of ${branch} changed.`;
  return `This puts ${commits} of ${branch} on top of ${into}, one by one.`;
}

/** The conflicts, one a line, as far as a dialog has room. */
export function describeConflicts(conflicts: readonly MergeConflict[]): string[] {
  const lines = conflicts.map(({ file, what, commit }) => {
    const why = what.includes(file) ? what : `${file}: ${what}`;
    return commit === undefined ? why : `${why} (“${commit}”)`;
  });
  return listOf(lines, maxNamed);
}

/** “Merged 2 commits of feature/x into main (3 files).” */
export function describeMerged({ how, branch, into, commits, files, checkout }: MergeOutcome): string {
  const done = { merge: 'Merged', squash: 'Squashed', rebase: 'Put' }[how];
  const where = how === 'rebase' ? 'on top of' : 'into';
  const there = checkout === undefined ? '' : `, updated in ${checkout}`;
  return `${done} ${counted(commits, 'commit')} of ${branch} ${where} ${into} (${counted(files, 'file')}${there}).`;
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
