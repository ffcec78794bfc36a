import { HoldfastError } from '../base/errors.ts';
import type { GitProgress } from '../core/gitProgress.ts';
import { hookEnvironment } from '../core/hookEnvironment.ts';
import { choosePushTarget, type PushSettings, type PushState, type PushTarget, parsePush } from '../core/pushTarget.ts';
import { resolveBranch } from './branchTip.ts';
import { git, tryGit } from './git.ts';
import { explainPush } from './pushErrors.ts';

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
 *   `AUTHENTICATION_FAILED`, `REMOTE_UNREACHABLE`, `HOOK_FAILED`, `CANCELLED`, `GIT_FAILED`
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
  if (remote !== undefined && !settings.remotes.includes(remote)) throw noSuchRemote(branch, remote, settings.remotes);
  const choice = choosePushTarget(branch, base, settings, remote);
  if ('target' in choice) return choice.target;
  const { remotes } = choice;
  const text = remotes.length === 0 ? 'This repository has no remote.' : 'Which remote is meant is not known.';
  throw new HoldfastError('NO_REMOTE', text, {
    advice: remotes.length === 0 ? 'Add one with “git remote add origin URL”.' : 'Choose one.',
    data: { branch, remotes: [...remotes] },
  });
}

function noSuchRemote(branch: string, remote: string, remotes: readonly string[]): HoldfastError {
  return new HoldfastError('NO_REMOTE', `This repository has no remote “${remote}”, so ${branch} was not pushed.`, {
    advice: remotes.length === 0 ? `Add it with “git remote add ${remote} URL”.` : `It has ${remotes.join(', ')}.`,
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
