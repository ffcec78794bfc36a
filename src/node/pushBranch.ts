import { HoldfastError } from '../base/errors.ts';
import type { GitProgress } from '../core/gitProgress.ts';
import { hookEnvironment } from '../core/hookEnvironment.ts';
import { choosePushTarget, type PushSettings, type PushState, type PushTarget, parsePush } from '../core/pushTarget.ts';
import { resolveBranch } from './branchTip.ts';
import { git, gitMessage, tryGit } from './git.ts';

/** Milliseconds. */
const pushTimeout = 15 * 60_000;

export interface PushRequest {
  cwd: string;
  branch: string;
  /** What the branch was made from. */
  base: string;
  /** The remote that somebody has chosen. */
  remote?: string;
  signal?: AbortSignal;
  /** Is told how far git is. */
  onProgress?: (progress: GitProgress) => void;
}

export interface PushedBranch extends PushTarget {
  branch: string;
  /** What the remote has now; a full hash. */
  commit: string;
  state: PushState;
}

/**
 * Pushes a branch, never by force.
 *
 * @throws {HoldfastError} `NO_REMOTE` with `data.remotes` to choose from, `BRANCH_GONE`, `PUSH_REJECTED`,
 *   `AUTHENTICATION_FAILED`, `HOOK_FAILED`, `CANCELLED`, `GIT_FAILED`
 */
export async function pushBranch(request: PushRequest): Promise<PushedBranch> {
  const { cwd, branch, signal, onProgress } = request;
  const commit = await resolveBranch(cwd, branch);
  if (commit === undefined)
    throw new HoldfastError('BRANCH_GONE', `The branch ${branch} is not there, or has no commit.`, {
      data: { branch },
    });
  const target = await pushTargetOf(request);
  const { remote, ref, setsUpstream } = target;
  const flags = ['--progress', '--porcelain', ...(setsUpstream ? ['--set-upstream'] : [])];
  const args = ['push', ...flags, '--end-of-options', remote, `refs/heads/${branch}:${ref}`];
  const options = { cwd, timeout: pushTimeout, env: hookEnvironment(process.env) };
  const control = { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) };
  const output = await git(args, { ...options, ...control }).catch((error) => {
    throw explainPush(branch, target, error);
  });
  const report = parsePush(output);
  const state = report && 'state' in report ? report.state : 'upToDate';
  return { branch, commit, state, ...target };
}

/** @throws {HoldfastError} `NO_REMOTE` */
export async function pushTargetOf({ cwd, branch, base, remote }: PushRequest): Promise<PushTarget> {
  const settings = await readSettings(cwd, branch);
  const choice = choosePushTarget(branch, base, settings, remote);
  if ('target' in choice) return choice.target;
  const { remotes } = choice;
  const text = remotes.length === 0 ? 'This repository has no remote.' : 'Which remote is meant is not known.';
  throw new HoldfastError('NO_REMOTE', text, {
    advice: remotes.length === 0 ? 'Add one with “git remote add origin URL”.' : 'Choose one.',
    data: { branch, remotes: [...remotes] },
  });
}

async function readSettings(cwd: string, branch: string): Promise<PushSettings> {
  const get = async (key: string) => (await tryGit(['config', '--get', key], { cwd }))?.trim() || undefined;
  const remotes = (await git(['remote'], { cwd })).split('\n').filter(Boolean);
  const remote = await get(`branch.${branch}.remote`);
  const ref = await get(`branch.${branch}.merge`);
  const pushRemote = (await get(`branch.${branch}.pushRemote`)) ?? (await get('remote.pushDefault'));
  const upstream = remote && remote !== '.' && ref ? { upstream: { remote, ref } } : {};
  return { remotes, ...upstream, ...(pushRemote ? { pushRemote } : {}) };
}

/** A branch that is pushed, beside the one it was made from. */
export interface ComparedBranch {
  /** The repository’s main checkout. */
  root: string;
  remote: string;
  /** Of the remote, as it is pushed to. */
  url: string;
  /** The branch’s name here, and its name on the remote. */
  local: string;
  branch: string;
  /** By its name on the remote; undefined where the branch was made from no branch. */
  base: string | undefined;
}

/** What a pull request of a pushed branch is made of. @throws {HoldfastError} `GIT_FAILED` */
export async function compareBranch(
  root: string,
  base: string,
  { remote, ref, branch: local }: PushedBranch,
): Promise<ComparedBranch> {
  const url = (await git(['remote', 'get-url', '--push', '--', remote], { cwd: root })).trim();
  const name = base.startsWith(`${remote}/`) ? base.slice(remote.length + 1) : base;
  const isBranch = await tryGit(['rev-parse', '--verify', '--quiet', `refs/heads/${name}`], { cwd: root });
  const isRemote = await tryGit(['rev-parse', '--verify', '--quiet', `refs/remotes/${remote}/${name}`], { cwd: root });
  const branch = ref.replace(/^refs\/heads\//, '');
  return { root, remote, url, local, branch, base: isBranch || isRemote ? name : undefined };
}

const refusals =
  /could not read (Username|Password)|Authentication failed|terminal prompts disabled|Permission denied|Host key verification failed|Could not read from remote repository|access denied|returned error: 40[13]/i;

function explainPush(branch: string, { remote, ref, setsUpstream }: PushTarget, error: unknown): unknown {
  if (!(error instanceof HoldfastError) || error.code !== 'GIT_FAILED') return error;
  const message = gitMessage(error);
  const data = { branch, remote, setsUpstream, output: message };
  const report = parsePush(String(error.data.stdout ?? ''));
  if (report && 'rejected' in report) return rejected(branch, { remote, ref }, report.rejected, error);
  if (refusals.test(message)) {
    return new HoldfastError(
      'AUTHENTICATION_FAILED',
      `${remote} did not let ${branch} be pushed: ${lastLine(message)}.`,
      {
        advice: `Push once in a terminal (“git push ${remote} ${branch}”), so that git learns how to sign in there.`,
        data,
        cause: error,
      },
    );
  }
  if (/failed to push some refs/.test(message) && !report)
    return new HoldfastError('HOOK_FAILED', `A hook did not let ${branch} be pushed.`, {
      advice: 'Put right what it tells of and try again.',
      data,
      cause: error,
    });
  return error;
}

function rejected(
  branch: string,
  { remote, ref }: Pick<PushTarget, 'remote' | 'ref'>,
  summary: string,
  cause: HoldfastError,
): HoldfastError {
  const name = ref.replace(/^refs\/heads\//, '');
  const isBehind = /non-fast-forward|fetch first|stale info|needs force/.test(summary);
  const text = isBehind
    ? `${remote} has commits on ${name} that ${branch} does not have, so it was not pushed.`
    : `${remote} has rejected ${branch}: ${summary.replace(/^\[[^\]]*\] \(?|\)$/g, '')}.`;
  return new HoldfastError('PUSH_REJECTED', text, {
    advice: isBehind
      ? `Bring them in first, as with “git pull ${remote} ${name}” in the session’s worktree. Nothing is ever forced.`
      : 'Its own message says why.',
    data: { branch, remote, ref, isBehind, output: gitMessage(cause) },
    cause,
  });
}

function lastLine(text: string): string {
  const lines = text.trim().split('\n');
  const named = lines.find((line) => refusals.test(line)) ?? lines.at(-1) ?? '';
  return named
    .replace(/^(fatal|error|remote): /, '')
    .replace(/\.$/, '')
    .trim();
}
