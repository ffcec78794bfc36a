import { type ErrorCode, HoldfastError } from '../base/errors.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { explainSystemError } from './systemFailure.ts';

type Named = Pick<SessionRecord, 'id' | 'name'>;

/** The connection to the session's host is lost for good. */
export function hostLost(session: Named, cause?: unknown): HoldfastError {
  return new HoldfastError('CONNECTION_LOST', `${unreachable(session)}.`, {
    advice: keptAnd(session),
    data: { id: session.id },
    cause,
  });
}

/** An error of attaching as advice for the user: which session, what was kept, what to do next. */
export function toAttachError(error: unknown, session: Named): unknown {
  if (!(error instanceof HoldfastError)) {
    const message = unreachable(session);
    return explainSystemError(error, { code: 'CONNECTION_LOST', message, advice: keptAnd(session) });
  }
  const explain = explanations[error.code];
  return explain ? explain(session, error) : error;
}

const explanations: { [C in ErrorCode]?: (session: Named, cause: HoldfastError) => HoldfastError } = {
  CONNECTION_LOST: hostLost,
  UNAUTHORIZED: (session, cause) =>
    new HoldfastError(
      'UNAUTHORIZED',
      `The host of “${session.name}” refuses the token: the state folder was replaced while it ran.`,
      {
        advice: 'The session runs on. Put the earlier folder back; “holdfast doctor” tells what lives meanwhile.',
        data: { id: session.id },
        cause,
      },
    ),
  TIMEOUT: (session, cause) =>
    new HoldfastError('TIMEOUT', `The host of “${session.name}” does not answer.`, {
      advice: `The session was left as it is. ${whatNext(session)}`,
      data: { id: session.id },
      cause,
    }),
  INPUT_TOO_LARGE: ({ id, name }, cause) =>
    new HoldfastError('INPUT_TOO_LARGE', `“${name}” takes no more input, so the end of it was dropped.`, {
      advice: 'The session was left as it is: attach again, and give it large input as a file.',
      data: { id },
      cause,
    }),
};

function unreachable({ name }: Named): string {
  return `The host of “${name}” cannot be reached`;
}

function keptAnd(session: Named): string {
  return `Its files and its transcript are kept. ${whatNext(session)}`;
}

function whatNext({ name }: Named): string {
  return `“holdfast status ${name}” tells whether it runs, “holdfast logs ${name}” what it has shown.`;
}
