import { tryGit } from './git.ts';

/**
 * Whether `branch` is the one that was called `former`: git notes that in the branch's own reflog. Where it keeps none,
 * nobody knows, and the answer is no.
 */
export async function wasRenamed(
  root: string,
  { former, branch }: { former: string; branch: string },
): Promise<boolean> {
  const args = ['log', '--walk-reflogs', '--format=%gs', `refs/heads/${branch}`, '--'];
  const notes = (await tryGit(args, { cwd: root }))?.split('\n') ?? [];
  return notes.some((note) => note.startsWith(`Branch: renamed refs/heads/${former} to `));
}
