import { HoldfastError } from '../base/errors.ts';
import { type PushTarget, parsePush } from '../core/pushTarget.ts';
import { gitMessage } from './git.ts';

const refusals =
  /could not read (Username|Password)|Authentication failed|terminal prompts disabled|Permission denied|Host key verification failed|Could not read from remote repository|access denied|returned error: 40[13]/i;

/** The error of a push as advice; any other as it is. */
export function explainPush(branch: string, { remote, ref, setsUpstream }: PushTarget, error: unknown): unknown {
  if (!(error instanceof HoldfastError) || error.code !== 'GIT_FAILED') return error;
  const message = gitMessage(error);
  const data = { branch, remote, ref, setsUpstream, output: message };
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
