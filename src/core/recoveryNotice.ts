import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { RestoredSession } from './rebuildEvidence.ts';

/** What came of opening a window whose session list may not have been as it should be. */
export interface WindowRecovery {
  /** What was wrong with the list and what it was recovered from, as a sentence. */
  notice?: string;
  /** The window had a list, and nothing is left of it. */
  isGone?: boolean;
  /** Sessions that other places still knew. */
  rebuilt: readonly RestoredSession[];
  /** Sessions that only the helper knew. */
  fromHelper: readonly SessionRecord[];
}

const places: Record<RestoredSession['from']['kind'], string> = {
  tag: 'from their worktrees',
  sessionFolder: 'from their own folders',
  replica: 'from the list of another window',
};

/**
 * What the user is to know about it, and from where each session came that the list did not have; undefined where there
 * is nothing to tell. That a new window learns of sessions is nothing, save of those that had to be made anew from
 * their worktrees.
 */
export function describeRecovery({ notice, isGone, rebuilt, fromHelper }: WindowRecovery): string | undefined {
  const wasWrong = notice !== undefined || isGone === true;
  const kinds = wasWrong ? (['tag', 'sessionFolder', 'replica'] as const) : (['tag'] as const);
  const found = [
    ...kinds.map((kind) => [
      places[kind],
      rebuilt.filter(({ from }) => from.kind === kind).map(({ record }) => record),
    ]),
    ['from the helper', wasWrong ? fromHelper : []],
  ] as [place: string, records: SessionRecord[]][];
  const parts = found
    .filter(([, records]) => records.length > 0)
    .map(([place, records]) => `${place}: ${records.map(({ name }) => `“${name}”`).join(', ')}`);
  if (parts.length === 0) return notice;
  return `${notice ?? 'The session list was gone.'} Rebuilt ${parts.join('; ')}.`;
}
