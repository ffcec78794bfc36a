import { HoldfastError } from '../base/errors.ts';
import { type PushTarget, parsePush } from '../core/pushTarget.ts';
import { gitMessage } from './git.ts';

const refusals =
  /could not read (Username|Password)|Authentication failed|terminal prompts disabled|Permission denied|Host key verification failed|access denied|returned error: 40[13]/i;

/** Git says so whatever ssh has failed for. */
const unreadable = /Could not read from remote repository/;

/** What git, curl and ssh say where the other side was never asked for anything; it comes before what follows from it. */
const unreachable =
  /could not resolve (host|proxy)|name or service not known|no address associated|failed to connect|couldn't connect|connection (refused|timed out|reset|closed)|network is unreachable|no route to host|operation timed out|does not appear to be a git repository/i;

/** The error of a push as advice; any other as it is. */
export function explainPush(branch: string, { remote, ref, setsUpstream }: PushTarget, error: unknown): unknown {
  if (!(error instanceof HoldfastError) || error.code !== 'GIT_FAILED') return error;
  const message = gitMessage(error);
  const data = { branch, remote, ref, setsUpstream, output: message };
  const report = parsePush(String(error.data.stdout ?? ''));
  if (report && 'rejected' in report) return rejected(branch, { remote, ref }, report.rejected, error);
  if (unreachable.test(message) && !refusals.test(message)) {
    const text = `${branch} was not pushed, for ${remote} cannot be reached: ${lineWith(unreachable, message)}.`;
    return new HoldfastError('REMOTE_UNREACHABLE', text, {
      advice: `Check the connection and the remote’s address (“git remote get-url ${remote}”), then try again.`,
      data,
      cause: error,
    });
  }
  if (refusals.test(message) || unreadable.test(message)) {
    return new HoldfastError(
      'AUTHENTICATION_FAILED',
      `${remote} did not let ${branch} be pushed: ${lineWith(refusals, message)}.`,
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

/** Where the reason is not the last word, as git's own comes after that of ssh. */
function lineWith(reason: RegExp, text: string): string {
  const lines = text.trim().split(/\r?\n/);
  const named = lines.find((line) => reason.test(line)) ?? lines.at(-1) ?? '';
  return named
    .replace(/^((fatal|error|remote|ssh): )+/, '')
    .replace(/\.$/, '')
    .trim();
}
