import type { KnownChanges } from '../../src/protocol/changes.ts';

/** A worktree in which nothing was done, but for what is given. */
export function someChanges(changes: Partial<KnownChanges> = {}): KnownChanges {
  return {
    id: 'a',
    at: '2026-03-10T12:00:00.000Z',
    state: 'known',
    head: 'a'.repeat(40),
    branch: 'feature/login',
    changed: 0,
    staged: 0,
    untracked: 0,
    conflicted: 0,
    uncommitted: 0,
    base: { ref: 'main', commit: 'b'.repeat(40), ahead: 0, behind: 0 },
    commits: 0,
    paths: [],
    morePaths: 0,
    ...changes,
  };
}
