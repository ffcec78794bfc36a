import { describeError, HoldfastError } from '../base/errors.ts';
import { compareUrl, isGitHub } from '../core/compareUrl.ts';
import type { ComparedBranch } from '../node/comparedBranch.ts';
import type { PushedBranch } from '../node/pushBranch.ts';

/** How a pull request was begun: by the GitHub extension, by `gh`, or on a web page, whose address is told. */
export type OpenedPullRequest = { via: 'extension' } | { via: 'gh' } | { via: 'browser'; url: string };

export type MadePullRequest = OpenedPullRequest & { pushed: PushedBranch };

/** What of the editor and of the machine it takes, for tests to stand in. */
export interface PullRequestContext {
  /** Whether the GitHub extension is there; begins a pull request with it. */
  extension: () => ((argument: { repoPath: string; compareBranch: string }) => Promise<unknown>) | undefined;
  /** Runs `gh` with these arguments; undefined where it is not there, or where its browser would be on another machine. */
  gh: () => Promise<((args: string[], cwd: string) => Promise<unknown>) | undefined>;
  openPage: (url: string) => Promise<unknown>;
  warn: (message: string) => void;
}

/**
 * Opens whatever makes a pull request of a branch that is pushed.
 *
 * @throws {HoldfastError} `NO_REMOTE` where the remote has no web page that is known
 */
export async function openPullRequest(
  comparison: ComparedBranch,
  { extension, gh, openPage, warn }: PullRequestContext,
): Promise<OpenedPullRequest> {
  const { url, root, local, base, branch } = comparison;
  if (isGitHub(url)) {
    const begin = extension();
    if (begin && (await worked(() => begin({ repoPath: root, compareBranch: local }), warn)))
      return { via: 'extension' };
    const run = await gh();
    const args = ['pr', 'create', '--web', '--head', branch, ...(base === undefined ? [] : ['--base', base])];
    if (run && (await worked(() => run(args, root), warn))) return { via: 'gh' };
  }
  const page = compareUrl(comparison);
  if (page === undefined) throw noPage(comparison);
  await openPage(page);
  return { via: 'browser', url: page };
}

/** What is only one of several ways may fail. */
async function worked(begin: () => Promise<unknown>, warn: (message: string) => void): Promise<boolean> {
  try {
    await begin();
    return true;
  } catch (error) {
    warn(`The pull request could not be begun that way: ${describeError(error)}`);
    return false;
  }
}

function noPage({ remote, local }: ComparedBranch): HoldfastError {
  return new HoldfastError('NO_REMOTE', `${local} is pushed to ${remote}, which is on no web server.`, {
    advice: 'Make the pull request where that repository is kept.',
    data: { remote, branch: local },
  });
}
