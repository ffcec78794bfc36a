import { counted, type LostWork, namedFiles } from './lostWork.ts';

/** What destroying a session would do to its worktree. */
export interface DestroyPreview {
  /** `none`: it runs in a folder of its user's; `gone`: its worktree is not there; `unknown`: that cannot be told. */
  worktree: 'there' | 'none' | 'gone' | 'unknown';
  /** What would go with the worktree; absent where nothing was looked at. */
  loss?: LostWork;
  /** What of it would go that is in the repository still, or why it cannot be told: a part of a sentence. */
  reason?: string;
  isRunning: boolean;
  base: string;
  /** The worktree was there before the session. */
  isAdopted: boolean;
}

/** A button of the dialog, and what it stands for. */
export type DestroyAnswer = 'archive' | 'keep' | 'remove' | 'plain';

export interface DestroyDialog {
  /** Below the question; one line for each thing. */
  detail: string;
  /** The first is the default. */
  buttons: readonly { label: string; answer: DestroyAnswer }[];
}

export interface DestroyDialogOptions {
  /** Days, 0 for ever. */
  keepDays: number;
}

/** How many files of a kind are named. */
const maxNamed = 5;

/** How many characters of a path are shown, so that a dialog which cannot scroll fits on the screen. */
const maxPath = 60;

const archive = { label: 'Archive and Remove', answer: 'archive' } as const;
const keep = { label: 'Keep the Worktree', answer: 'keep' } as const;
const remove = { label: 'Remove', answer: 'remove' } as const;
const plain = { label: 'Destroy', answer: 'plain' } as const;

/** What the user is asked before a session is destroyed: exactly what would go, and what can be done about it. */
export function destroyDialog(preview: DestroyPreview, { keepDays }: DestroyDialogOptions): DestroyDialog {
  const ending = preview.isRunning ? ['Its process will be ended.'] : [];
  const lines = preview.loss ? lossLines(preview.loss, preview.base) : [];
  if (preview.isAdopted) return adoptedDialog(preview, { ending, lines, keepDays });
  if (lines.length === 0) return { detail: [...ending, plainFate(preview)].join(' '), buttons: [plain] };
  const inside = preview.loss?.inside ?? [];
  if (inside.length > 0) {
    const why = inside.map((folder) => `The worktree ${folder} lies in it, so it is kept.`);
    return { detail: [...ending, ...why].join(' '), buttons: [plain] };
  }
  const ignored = preview.loss?.ignored.count ?? 0;
  const detail = ['With its worktree would go:', ...lines, '', ...ending, ...explain(ignored, keepDays)];
  return { detail: detail.join('\n'), buttons: [archive, keep, ...(ignored > 0 ? [remove] : [])] };
}

function adoptedDialog(
  { loss }: DestroyPreview,
  { ending, lines, keepDays }: { ending: string[]; lines: string[]; keepDays: number },
): DestroyDialog {
  const there = 'Its worktree was there before the session.';
  const what = lines.length > 0 ? ['With it would go:', ...lines, ''] : [];
  const isFree = (loss?.inside ?? []).length === 0;
  const detail = [there, ...what, ...ending, ...(isFree ? explain(0, keepDays) : [])];
  return { detail: detail.join('\n'), buttons: [keep, ...(isFree ? [archive] : [])] };
}

function explain(ignored: number, keepDays: number): string[] {
  const time = keepDays > 0 ? `for ${keepDays} day${keepDays === 1 ? '' : 's'}` : 'until you delete it';
  const archived = `“${archive.label}” keeps all of it in the repository ${time}: “Restore Archived Session…” brings it back.`;
  const without = `“${remove.label}” does the same without the ignored files, which are then lost.`;
  return [archived, ...(ignored > 0 ? [without] : [])];
}

function plainFate({ worktree, reason }: DestroyPreview): string {
  if (worktree === 'none') return 'Its folder stays as it is.';
  if (worktree === 'gone') {
    return reason === undefined
      ? 'Its worktree is gone already.'
      : `Its worktree is gone already. What is left of it is kept: ${reason}.`;
  }
  if (worktree === 'unknown') return `What is in its worktree cannot be told, so it may be kept: ${reason}.`;
  return 'Its worktree is removed; nothing in it would be lost.';
}

function lossLines({ uncommitted, untracked, ignored, operation, ...commits }: LostWork, base: string): string[] {
  const files = (kind: LostWork['ignored'], noun: string) =>
    counted(kind.count, noun).map((count) => `• ${count}: ${namedFiles(shortened(kind), maxNamed)}`);
  return [
    ...files(uncommitted, 'uncommitted file'),
    ...files(untracked, 'untracked file'),
    ...commitLines(commits, base),
    ...files(ignored, 'ignored file'),
    ...(operation === undefined ? [] : [`• a ${operation} that is under way`]),
    ...commits.inside.map((folder) => `• the worktree ${folder}, which lies in it`),
  ];
}

/** Of a long path its end tells more. */
function shortened({ count, names }: LostWork['ignored']): LostWork['ignored'] {
  const shorten = (name: string) => (name.length > maxPath ? `…${[...name].slice(1 - maxPath).join('')}` : name);
  return { count, names: names.slice(0, maxNamed).map(shorten) };
}

type Commits = Pick<LostWork, 'unmerged' | 'unpushed' | 'goneBase'>;

function commitLines({ unmerged, unpushed, goneBase }: Commits, base: string): string[] {
  if (goneBase !== undefined)
    return [`• commits of which nobody knows whether they are merged, for ${goneBase} is gone`];
  const pushed = describePushed(unmerged, unpushed);
  return counted(unmerged, 'commit').map((count) => `• ${count} that ${base} does not have${pushed}`);
}

function describePushed(unmerged: number, unpushed: number | undefined): string {
  if (unpushed === undefined) return '';
  if (unpushed === 0) return unmerged === 1 ? ', which is pushed' : ', all of them pushed';
  if (unpushed === unmerged) return unmerged === 1 ? ', which is not pushed' : ', none of them pushed';
  return `, ${unpushed} of them not pushed`;
}
