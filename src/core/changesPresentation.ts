import type {
  ChangesReport,
  KnownChanges,
  MergeForecast,
  Operation,
  OperationKind,
  Overlap,
  WorktreeChanges,
} from '../protocol/changes.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** What is shown of a session’s work: what was done in it, and the sessions it is in the way of. */
export interface ShownWork {
  changes: WorktreeChanges | undefined;
  overlaps: readonly Overlap[];
}

/** What a report tells of one session. */
export function workIn(report: ChangesReport | undefined, id: string): ShownWork {
  const changes = report?.sessions.find((one) => one.id === id);
  return { changes, overlaps: report?.overlaps.filter(({ ids }) => ids.includes(id)) ?? [] };
}

const operations: Record<OperationKind, { short: string; words: string }> = {
  merge: { short: 'merging', words: 'merge in progress' },
  rebase: { short: 'rebasing', words: 'rebase in progress' },
  am: { short: 'applying', words: 'applying of patches in progress' },
  cherryPick: { short: 'cherry-picking', words: 'cherry-pick in progress' },
  revert: { short: 'reverting', words: 'revert in progress' },
  bisect: { short: 'bisecting', words: 'bisect in progress' },
};

/**
 * The compact part of a row: “rebasing 2/5 !1 ●3 ↑2 ↓1 ⚠”: an operation, conflicts, files that are not committed, commits
 * ahead of and behind the base, and another session’s changes in the same files. Empty where there is nothing to tell.
 */
export function changesMark({ changes, overlaps }: ShownWork): string {
  if (changes === undefined) return '';
  // What is made with the next start is nothing to look after.
  if (changes.state === 'unmade') return overlapMark(overlaps);
  const parts = changes.state === 'known' ? knownMarks(changes) : [`? ${unknownShort[changes.state]}`];
  return [...parts, overlapMark(overlaps)].filter(Boolean).join(' ');
}

const unknownShort = {
  gone: 'worktree is gone',
  foreign: 'not its worktree',
  failed: 'changes not known',
  timeout: 'changes not known',
} as const;

function knownMarks({ operation, conflicted, uncommitted, base, commits }: KnownChanges): string[] {
  const ahead = base?.ahead ?? commits ?? 0;
  const behind = base?.behind ?? 0;
  return [
    operation ? `${operations[operation.kind].short}${stepsOf(operation, ' ')}` : '',
    conflicted > 0 ? `!${conflicted}` : '',
    uncommitted > conflicted ? `●${uncommitted - conflicted}` : '',
    ahead > 0 ? `↑${ahead}` : '',
    behind > 0 ? `↓${behind}` : '',
  ].filter(Boolean);
}

/** “⚠” with those that would conflict, “∩” with those that only change the same files. */
function overlapMark(overlaps: readonly Overlap[]): string {
  if (overlaps.length === 0) return '';
  return overlaps.some(({ merge }) => merge.state === 'conflicts') ? '⚠' : '∩';
}

function stepsOf({ step, total }: Operation, before: string): string {
  return step === undefined || total === undefined ? '' : `${before}${step}/${total}`;
}

/** The same in words, for whoever hears the row; empty where there is nothing to tell. */
export function spokenChanges({ changes, overlaps }: ShownWork): string {
  const told = changes === undefined ? '' : describeChanges(changes);
  const met = overlaps.length === 0 ? '' : `changes the same files as ${count(overlaps.length, 'other session')}`;
  return [told, met].filter(Boolean).join(', ');
}

/**
 * “3 changed, 1 staged, 2 untracked; 2 commits ahead of main, 1 behind; rebase in progress (2/5)”; “nothing was changed”;
 * “not known: its worktree is not there”.
 */
export function describeChanges(changes: WorktreeChanges): string {
  if (changes.state !== 'known') return `not known: ${changes.why}`;
  const parts = [describeFiles(changes), describeCommits(changes), describeOperation(changes)].filter(Boolean);
  return parts.join('; ') || 'nothing was changed';
}

function describeFiles({ conflicted, changed, staged, untracked }: KnownChanges): string {
  return [
    conflicted > 0 ? count(conflicted, 'conflict') : '',
    changed > 0 ? `${changed} changed` : '',
    staged > 0 ? `${staged} staged` : '',
    untracked > 0 ? `${untracked} untracked` : '',
  ]
    .filter(Boolean)
    .join(', ');
}

function describeCommits({ base, commits = 0 }: KnownChanges): string {
  if (base === undefined) return commits > 0 ? `${count(commits, 'commit')} since it began` : '';
  const { ahead, behind, ref } = base;
  const other = commits !== ahead && commits > 0 ? `, ${commits} since it began` : '';
  if (ahead > 0)
    return `${count(ahead, 'commit')} ahead of ${shortName(ref)}${behind > 0 ? `, ${behind} behind` : ''}${other}`;
  return behind > 0 ? `${count(behind, 'commit')} behind ${shortName(ref)}${other}` : other.slice(2);
}

function describeOperation({ operation, branch }: KnownChanges): string {
  const detached = branch === null && operation === undefined ? 'no branch is checked out' : '';
  return operation ? `${operations[operation.kind].words}${inBrackets(stepsOf(operation, ''))}` : detached;
}

function inBrackets(text: string): string {
  return text && ` (${text})`;
}

/** What was done in a session’s worktree as facts for a tooltip or a detail view; none where nothing is known of it. */
export function workFacts(
  record: Pick<SessionRecord, 'id'>,
  { changes, overlaps }: ShownWork,
  nameOf: (id: string) => string,
): [label: string, text: string][] {
  if (changes === undefined) return [];
  const lines = describeOverlaps(record, overlaps, nameOf);
  return [['Changes', describeChanges(changes)], ...lines.map((line): [string, string] => ['Overlap', line])];
}

/**
 * One line for each session in the way: “also changed by fix-login: src/a.ts and 2 more; would conflict in src/a.ts”.
 *
 * @param nameOf the name of a session
 */
export function describeOverlaps(
  { id }: Pick<SessionRecord, 'id'>,
  overlaps: readonly Overlap[],
  nameOf: (id: string) => string,
): string[] {
  return overlaps.map((overlap) => {
    const other = nameOf(overlap.ids.find((one) => one !== id) ?? '');
    const { files, count: all } = overlap;
    const what = all > 0 ? `also changed by ${other}: ${someOf(files, all)}` : `${other} is in the way`;
    return `${what}; ${describeForecast(overlap.merge)}`;
  });
}

/** What would come of merging two sessions’ commits. */
export function describeForecast({ state, files = [], why = '' }: MergeForecast): string {
  if (state === 'conflicts') return `would conflict in ${someOf(files, files.length)}`;
  if (state === 'clean') return 'what is committed would merge';
  return state === 'pending' ? 'not compared yet' : `whether it would conflict is not known: ${why}`;
}

/** “a and 2 more” */
function someOf(files: readonly string[], all: number): string {
  const [first = 'a file'] = files;
  return all > 1 ? `${first} and ${all - 1} more` : first;
}

function count(amount: number, thing: string): string {
  return `${amount} ${thing}${amount === 1 ? '' : 's'}`;
}

function shortName(ref: string): string {
  return /^[0-9a-f]{40,64}$/.test(ref) ? ref.slice(0, 8) : ref;
}
