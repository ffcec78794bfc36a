import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { withVariables } from './launchCommand.ts';
import { type PlaceholderSources, resolvePlaceholders } from './placeholders.ts';
import { isolatingVariables, sessionVariables } from './sessionVariables.ts';

export interface EnvironmentSources extends Omit<PlaceholderSources, 'record' | 'env'> {
  /** That of the user, for what runs in sessions. */
  env: Record<string, string>;
  /** What the user has set for all sessions, with placeholders. */
  variables?: Readonly<Record<string, string>> | undefined;
}

/**
 * All variables of a session's process. Of those with one name the session's own goes before the setting's, and what
 * Holdfast tells before both.
 *
 * @throws {HoldfastError} `INVALID_ARGUMENT` for a placeholder that makes no sense
 */
export function launchEnvironment(
  record: SessionRecord,
  { variables = {}, env, root, port }: EnvironmentSources,
): Record<string, string> {
  const sources = { record, root, port, env };
  const added = [
    isolatingVariables(record),
    resolvePlaceholders(variables, sources),
    resolvePlaceholders(ownVariables(record), sources),
    sessionVariables(record, { port, root }),
  ];
  return added.reduce((all, more) => withVariables(all, more), env);
}

/** What the session itself was given, with placeholders. */
export function ownVariables({ metadata }: Pick<SessionRecord, 'metadata'>): Record<string, string> {
  const env = metadata?.env;
  const entries = typeof env === 'object' && env ? Object.entries(env) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
