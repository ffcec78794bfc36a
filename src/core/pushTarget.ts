/** What git’s settings say about where a branch goes. */
export interface PushSettings {
  remotes: readonly string[];
  /** What the branch follows; absent where that is another local branch. */
  upstream?: { remote: string /** A full name, such as `refs/heads/main`. */; ref: string };
  /** `branch.<name>.pushRemote`, else `remote.pushDefault`. */
  pushRemote?: string;
}

export interface PushTarget {
  remote: string;
  /** A full name, such as `refs/heads/main`. */
  ref: string;
  /** The branch follows it from then on. */
  setsUpstream: boolean;
}

/** Where a branch is pushed, or between which remotes somebody has to choose: none where there is no remote. */
export type PushChoice = { target: PushTarget } | { remotes: readonly string[] };

/**
 * A branch goes to what it follows, but never onto its base: one that was made from `origin/main` follows it, and its
 * work must not land there. Else it goes by its own name to `origin`, or to the only remote.
 *
 * @param base the branch it was made from, as in the session’s record
 * @param remote the one that somebody has chosen
 */
export function choosePushTarget(
  branch: string,
  base: string,
  { remotes, upstream, pushRemote }: PushSettings,
  remote?: string,
): PushChoice {
  const own = `refs/heads/${branch}`;
  const followed = upstream && !isBase(upstream, branch, base) ? upstream : undefined;
  const chosen = remote ?? pushRemote ?? followed?.remote ?? usualRemote(remotes);
  if (chosen === undefined) return { remotes };
  if (followed?.remote === chosen) return { target: { ...followed, setsUpstream: false } };
  return { target: { remote: chosen, ref: own, setsUpstream: followed === undefined } };
}

function isBase({ remote, ref }: { remote: string; ref: string }, branch: string, base: string): boolean {
  const name = ref.replace(/^refs\/heads\//, '');
  return name !== branch && (base === name || base === `${remote}/${name}`);
}

function usualRemote(remotes: readonly string[]): string | undefined {
  if (remotes.includes('origin')) return 'origin';
  return remotes.length === 1 ? remotes[0] : undefined;
}

export type PushState = 'new' | 'updated' | 'upToDate';

/** What `git push --porcelain` tells of its one ref. */
export type PushReport = { state: PushState } | { rejected: string };

/** @see https://git-scm.com/docs/git-push#_output */
export function parsePush(output: string): PushReport | undefined {
  for (const line of output.split('\n')) {
    const [flag = '', refs, summary = ''] = line.split('\t');
    if (refs === undefined) continue;
    if (flag.startsWith('!')) return { rejected: summary };
    return { state: flag.startsWith('*') ? 'new' : flag.startsWith('=') ? 'upToDate' : 'updated' };
  }
  return undefined;
}
