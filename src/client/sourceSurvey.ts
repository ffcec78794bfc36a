import type { SourceSurvey } from '../core/sourceChoice.ts';
import { findAdoptable } from '../node/adoptableWorktrees.ts';
import { defaultBase } from '../node/defaultBranch.ts';
import { fetchRemote, listRemotes, usualRemote } from '../node/remotes.ts';
import { currentBase } from '../node/repository.ts';
import type { SessionManager } from './sessionManager.ts';

/**
 * What a new session can work on; undefined in a folder that is no repository. What git cannot tell is left out: the
 * creation itself says what is wrong.
 */
export async function surveySources(manager: SessionManager): Promise<SourceSurvey | undefined> {
  const { workplace, folder, settings } = manager.options;
  if (workplace.kind === 'folder') return undefined;
  const { root } = workplace;
  const taken = manager.list().flatMap(({ branch, worktreePath }) => (branch ? [worktreePath] : []));
  const [head, main, worktrees, remotes] = await Promise.all([
    currentBase(folder).catch(() => undefined),
    defaultBase(root).catch(() => undefined),
    findAdoptable(workplace, taken).catch(() => []),
    listRemotes(root).catch(() => []),
  ]);
  const base = settings().worktree?.base ?? 'head';
  return { ...(head ? { head } : {}), ...(main ? { main: main.ref } : {}), worktrees, remotes, base };
}

/** Fetches the usual remote, or all where none is. @throws {HoldfastError} `FETCH_FAILED`, or the signal's reason */
export async function fetchSources(root: string, remotes: readonly string[], signal: AbortSignal): Promise<void> {
  const usual = usualRemote(remotes);
  for (const remote of usual === undefined ? remotes : [usual]) await fetchRemote(root, remote, { signal });
}
