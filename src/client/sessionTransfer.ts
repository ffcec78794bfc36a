import path from 'node:path';
import type { RestorableSession } from '../core/savedSession.ts';
import { type ExportedRepository, type ExportedSession, type LeftOut, serializeExport } from '../core/sessionExport.ts';
import { tryGit } from '../node/git.ts';
import { resolveCommit, type Workplace } from '../node/repository.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { CreationContext } from './sessionCreation.ts';
import {
  planRestoration,
  type RestoreOptions,
  type RestoreOrigin,
  type RestorePlanContext,
  restoreSession,
} from './sessionRestoration.ts';

export interface ExportOptions {
  /** Writes the values of the sessions' variables, too, which may be secret. */
  includeEnv?: boolean;
}

/**
 * The sessions as the text of one file.
 *
 * @returns `leftOut` has the names of the variables whose values are not in it, by the sessions' ids.
 * @throws {HoldfastError} `GIT_MISSING`, `NO_FOLDER`
 */
export async function exportSessions(
  workplace: Workplace,
  records: readonly SessionRecord[],
  { includeEnv = false }: ExportOptions = {},
): Promise<{ text: string; leftOut: LeftOut }> {
  const sessions = await Promise.all(records.map((record) => withCommit(workplace, record)));
  const repository = await describeRepository(workplace);
  return serializeExport({ key: workplace.key, exportedAt: new Date(), repository, sessions, includeEnv });
}

/** What has become of one session of a file, or would. */
export type ImportOutcome =
  /** `record` is what is in the list; of a session that is only planned, what is in the file. */
  | { state: 'imported' | 'skipped' | 'planned'; record: SessionRecord; origin: RestoreOrigin; notice?: string }
  | { state: 'failed'; error: unknown };

/** Named as in the file. */
export type ImportResult = ImportOutcome & { name: string; sessionId: string };

/** What {@link importSessions} would do, having changed nothing. */
export async function planImport(
  context: RestorePlanContext,
  sessions: readonly ExportedSession[],
): Promise<ImportResult[]> {
  const planned: SessionRecord[] = [];
  const after = { ...context, sessions: () => [...context.sessions(), ...planned] };
  return eachInTurn(sessions, async (session) => {
    const origin = await planRestoration(after, session);
    if (origin.from === 'list') return { state: 'skipped', record: origin.record, origin };
    // What comes in is in the way of those that follow.
    planned.push(session.record);
    return { state: 'planned', record: session.record, origin };
  });
}

/**
 * Brings the sessions in, each as {@link restoreSession} does and by itself: one that fails leaves the others. They
 * are not started, unless asked for, and then the maximum of sessions does not count.
 */
export async function importSessions(
  context: CreationContext,
  sessions: readonly ExportedSession[],
  { start = false }: RestoreOptions = {},
): Promise<ImportResult[]> {
  const settings = () => (start ? context.settings() : { ...context.settings(), maxSessions: null });
  return eachInTurn(sessions, async (session) => {
    const { record, origin, notice } = await restoreSession({ ...context, settings }, session, {
      start,
      isImported: true,
    });
    return { state: origin.from === 'list' ? 'skipped' : 'imported', record, origin, ...(notice ? { notice } : {}) };
  });
}

async function eachInTurn(
  sessions: readonly ExportedSession[],
  act: (session: ExportedSession) => Promise<ImportOutcome>,
): Promise<ImportResult[]> {
  const results: ImportResult[] = [];
  for (const session of sessions) {
    const { id, name } = session.record;
    const outcome = await act(session).catch((error): ImportOutcome => ({ state: 'failed', error }));
    results.push({ ...withNotes(outcome, session), name, sessionId: id });
  }
  return results;
}

/** A session that comes in says what is not as it was. */
function withNotes(outcome: ImportOutcome, { repairs, leftOut }: ExportedSession): ImportOutcome {
  if (outcome.state === 'failed' || outcome.state === 'skipped') return outcome;
  const notes = [
    ...(outcome.notice === undefined ? [] : [outcome.notice]),
    ...(repairs.length > 0 ? [`Its record was repaired: ${repairs.join('; ')}.`] : []),
    ...(leftOut.length > 0 ? [`The file has no values for its variables ${leftOut.join(', ')}.`] : []),
  ];
  return notes.length > 0 ? { ...outcome, notice: notes.join(' ') } : outcome;
}

async function withCommit({ kind, root }: Workplace, record: SessionRecord): Promise<RestorableSession> {
  const { branch } = record;
  const commit = kind === 'git' && branch ? await resolveCommit(root, `refs/heads/${branch}`) : undefined;
  return commit === undefined ? { record } : { record, commit };
}

async function describeRepository({ kind, root }: Workplace): Promise<ExportedRepository> {
  const name = path.basename(root);
  const remote = kind === 'git' ? await tryGit(['config', '--get', 'remote.origin.url'], { cwd: root }) : undefined;
  return { name, ...(remote === undefined ? {} : { remote: withoutCredentials(remote.trim()) }) };
}

function withoutCredentials(remote: string): string {
  return remote.replace(/^(\w[\w+.-]*:\/\/)[^/@]*@/, '$1');
}
