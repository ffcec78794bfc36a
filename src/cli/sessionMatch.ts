import { HoldfastError } from '../base/errors.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

type Named = Pick<SessionRecord, 'id' | 'name'>;

/**
 * The session that `query` means: the one of that name, else the only one of that name in other case, else the
 * only one whose name or id begins so.
 *
 * @throws {HoldfastError} `AMBIGUOUS_SESSION`, `SESSION_NOT_FOUND`; both name the sessions there are.
 */
export function matchSession<T extends Named>(sessions: readonly T[], query: string): T {
  const wanted = query.toLowerCase();
  const found = firstMatches(sessions, query, [
    ({ name }) => name === query,
    ({ name }) => name.toLowerCase() === wanted,
    (session) => beginsWith(session, wanted),
  ]);
  if (found) return found;
  throw notFound(sessions, query);
}

/** At least so much of an id tells a session from all others. */
const minIdLength = 8;

/**
 * The session that `query` names in full, or by the first 8 or more characters of its id: what ends a session
 * must not guess.
 *
 * @throws {HoldfastError} `AMBIGUOUS_SESSION`, `SESSION_NOT_FOUND`; both name the sessions there are.
 */
export function matchExactly<T extends Named>(sessions: readonly T[], query: string): T {
  const wanted = query.toLowerCase();
  const found = firstMatches(sessions, query, [
    ({ name }) => name === query,
    ({ id }) => query.length >= minIdLength && id.startsWith(wanted),
  ]);
  if (found) return found;
  const close = sessions.filter((session) => beginsWith(session, wanted));
  if (close.length === 0) throw notFound(sessions, query);
  const needed = `This takes a whole name, or at least ${minIdLength} characters of an id`;
  throw notFound(sessions, query, `${needed}: ${nameList(close)}.`);
}

/** The one session that the first of the `tests` finds that finds any. @throws {HoldfastError} `AMBIGUOUS_SESSION` */
function firstMatches<T extends Named>(
  sessions: readonly T[],
  query: string,
  tests: readonly ((session: T) => boolean)[],
): T | undefined {
  for (const test of tests) {
    const [found, ...others] = sessions.filter(test);
    // Even of one name there can be two, where records were put together after a loss.
    if (found && others.length > 0) throw ambiguous([found, ...others], query);
    if (found) return found;
  }
  return undefined;
}

function beginsWith({ name, id }: Named, wanted: string): boolean {
  return wanted !== '' && (name.toLowerCase().startsWith(wanted) || id.startsWith(wanted));
}

function ambiguous(candidates: readonly Named[], query: string): HoldfastError {
  const areTwins = new Set(candidates.map(({ name }) => name)).size === 1;
  return new HoldfastError('AMBIGUOUS_SESSION', `“${query}” could be ${nameList(candidates)}.`, {
    advice: areTwins ? 'Give the id in brackets.' : 'Give more of the name, or the id in brackets.',
    data: { candidates: candidates.map(({ id, name }) => ({ id, name })) },
  });
}

function notFound(sessions: readonly Named[], query: string, advice = whatThereIs(sessions)): HoldfastError {
  return new HoldfastError('SESSION_NOT_FOUND', `There is no session “${query}”.`, {
    advice,
    data: { sessions: sessions.map(({ name }) => name) },
  });
}

function whatThereIs(sessions: readonly Named[]): string {
  return sessions.length > 0 ? `There are ${nameList(sessions)}.` : 'There are no sessions here.';
}

function nameList(sessions: readonly Named[]): string {
  return sessions.map(({ id, name }) => `${name} (${id.slice(0, 8)})`).join(', ');
}
