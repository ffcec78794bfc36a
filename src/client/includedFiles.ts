import { defaultInclude } from '../core/includeGlobs.ts';
import { listOf } from '../core/presentation.ts';
import { bringAlong, type NotBrought } from '../node/broughtFiles.ts';
import { findIncluded } from '../node/includedFiles.ts';
import type { GitRepository } from '../node/repository.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { SessionLaunchContext } from './sessionLaunch.ts';

/** How many of what could not be brought along are told one by one. */
const maxTold = 3;

type Place = Pick<SessionRecord, 'name' | 'worktreePath'>;

export interface IncludedFilesContext extends Pick<SessionLaunchContext, 'settings'> {
  repository: GitRepository;
}

/** Brings what was found, and returns what could not be brought along, as whole sentences for the user. */
export type Bring = () => Promise<string | undefined>;

/**
 * What brings into a session's new worktree the files that git ignores and the user wants there; what is there already
 * stays. They are looked for at once, while the worktree may still be in the making.
 *
 * @throws {HoldfastError} Once they are brought: `DISK_FULL`, `GIT_FAILED`; the signal's reason
 */
export function seekIncluded(
  { repository, settings }: IncludedFilesContext,
  record: Place,
  signal?: AbortSignal,
): Bring {
  const { root, commonDir } = repository;
  const { worktreePath } = record;
  const { include = defaultInclude, link = [] } = settings().worktree ?? {};
  const search = findIncluded(root, { include, link }, { worktree: worktreePath, signal });
  // What comes in between may fail, and then nobody asks.
  search.catch(() => undefined);
  return async () => {
    const { entries, isApart } = await search;
    if (entries.length === 0) return undefined;
    const problems = await bringAlong(entries, { from: root, to: worktreePath, commonDir, isApart, signal });
    return problems.length === 0 ? undefined : describeProblems(record, problems);
  };
}

/** The same for a worktree that is there already. */
export function bringIncluded(context: IncludedFilesContext, record: Place): Promise<string | undefined> {
  return seekIncluded(context, record)();
}

function describeProblems({ name }: Place, problems: readonly NotBrought[]): string {
  const told = listOf(
    problems.map(({ path: file, why }) => `${file} (${why})`),
    maxTold,
  ).join(', ');
  return `Not everything could be brought into the worktree of “${name}”: ${told}.`;
}
