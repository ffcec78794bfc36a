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
  const exact = sessions.find(({ name }) => name === query);
  if (exact) return exact;
  const wanted = query.toLowerCase();
  const sameName = sessions.filter(({ name }) => name.toLowerCase() === wanted);
  const found = sameName.length > 0 ? sameName : sessions.filter((session) => beginsWith(session, wanted));
  const [first] = found;
  if (!first) throw notFound(sessions, query);
  if (found.length > 1) throw ambiguous(found, query);
  return first;
}

/** At least so much of an id tells a session from all others. */
const minIdLength = 8;

/**
 * The session that `query` names in full, or by the first 8 or more characters of its id: what ends a session
 * must not guess.
 *
 * @throws {HoldfastError} `SESSION_NOT_FOUND`, which names the sessions there are.
 */
export function matchExactly<T extends Named>(sessions: readonly T[], query: string): T {
  const isId = (id: string) => query.length >= minIdLength && id.startsWith(query.toLowerCase());
  const found = sessions.find(({ name }) => name === query) ?? sessions.find(({ id }) => isId(id));
  if (found) return found;
  throw notFound(sessions, query);
}

function beginsWith({ name, id }: Named, wanted: string): boolean {
  return wanted !== '' && (name.toLowerCase().startsWith(wanted) || id.startsWith(wanted));
}

function ambiguous(candidates: readonly Named[], query: string): HoldfastError {
  return new HoldfastError('AMBIGUOUS_SESSION', `“${query}” could be ${nameList(candidates)}.`, {
    advice: 'Give more of the name, or the beginning of the id.',
    data: { candidates: candidates.map(({ id, name }) => ({ id, name })) },
  });
}

function notFound(sessions: readonly Named[], query: string): HoldfastError {
  const advice = sessions.length > 0 ? `There are ${nameList(sessions)}.` : 'This repository has no sessions.';
  return new HoldfastError('SESSION_NOT_FOUND', `There is no session “${query}”.`, {
    advice,
    data: { sessions: sessions.map(({ name }) => name) },
  });
}

function nameList(sessions: readonly Named[]): string {
  return sessions.map(({ id, name }) => `${name} (${id.slice(0, 8)})`).join(', ');
}
