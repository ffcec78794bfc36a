import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { uniqueName } from './sessionName.ts';
import { byCreation, revise } from './sessionRecord.ts';

/** What becomes of sessions that one copy of the registry knows and another has never heard of. */
export interface Newcomers {
  /** Oldest first; one whose name was taken has another. */
  welcome: SessionRecord[];
  /** Those that another session keeps from their worktree or their branch. */
  heldBack: SessionRecord[];
}

/** Whoever is there already keeps what it has; of several newcomers the oldest gets it. */
export function settleNewcomers(living: readonly SessionRecord[], newcomers: readonly SessionRecord[]): Newcomers {
  const settled = [...living];
  const result: Newcomers = { welcome: [], heldBack: [] };
  for (const newcomer of [...newcomers].sort(byCreation)) {
    if (settled.some((other) => shareWork(newcomer, other))) {
      result.heldBack.push(newcomer);
      continue;
    }
    const isTaken = (name: string) => settled.some((other) => other.name.toLowerCase() === name.toLowerCase());
    const name = uniqueName(newcomer.name, isTaken);
    const welcome = name === newcomer.name ? newcomer : revise(newcomer, { name });
    result.welcome.push(welcome);
    settled.push(welcome);
  }
  return result;
}

/** Whether two sessions would work in one worktree or on one branch; those without a branch may share a folder. */
export function shareWork(one: SessionRecord, other: SessionRecord): boolean {
  if (one.id === other.id || !one.branch || !other.branch) return false;
  return one.branch === other.branch || one.worktreePath === other.worktreePath;
}
