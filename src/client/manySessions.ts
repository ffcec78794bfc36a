import { delay } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { systemFailure } from '../core/circuitBreaker.ts';
import { wasLost, wasOverBefore } from '../core/sessionRecord.ts';
import type { KeptWork } from '../node/worktreeRemoval.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { DestroyedSession } from './sessionLife.ts';

/** Between two starts, so that a machine that comes up is not asked for everything at once; milliseconds. */
const startPause = 500;

const day = 24 * 3_600_000;

/** What became of one of many sessions; `record` is as it is then. */
export type SessionResult = { id: string; name: string } & (
  | { state: 'done'; record: SessionRecord }
  | { state: 'failed'; error: unknown }
);

/** What became, or would become, of a session that is over. */
export type CleanUpResult =
  | { state: 'planned' | 'destroyed'; record: SessionRecord; kept?: KeptWork; isPending?: true }
  | { state: 'failed'; record: SessionRecord; error: unknown };

/** Stops sessions all at once; one that does not end keeps nobody from the others. */
export function stopAll(
  sessions: readonly SessionRecord[],
  stop: (record: SessionRecord) => Promise<SessionRecord>,
): Promise<SessionResult[]> {
  return Promise.all(sessions.map((record) => resultOf(record, stop)));
}

/**
 * Starts the sessions that were lost one after the other; one that cannot be keeps nobody from the others, unless it is
 * the machine that can start none.
 */
export async function resumeAll(
  sessions: readonly SessionRecord[],
  start: (record: SessionRecord) => Promise<SessionRecord>,
): Promise<SessionResult[]> {
  const results: SessionResult[] = [];
  for (const record of sessions.filter(wasLost)) {
    const last = results.at(-1);
    const why = last?.state === 'failed' ? systemFailure(last.error) : undefined;
    if (why !== undefined && last?.state === 'failed') {
      results.push({ id: record.id, name: record.name, state: 'failed', error: last.error });
      continue;
    }
    if (last) await delay(startPause);
    results.push(await resultOf(record, start));
  }
  return results;
}

export interface CleanUpOptions {
  /** Of a session’s end. */
  olderThanDays: number;
  /** Only tells what would be done. */
  dryRun?: boolean;
}

export interface CleanUpActions {
  /** The session as it is by now. @throws {HoldfastError} `SESSION_NOT_FOUND` */
  look: (id: string) => Promise<SessionRecord>;
  destroy: (record: SessionRecord) => Promise<DestroyedSession>;
}

/**
 * Destroys the sessions that ended that long ago, one after the other; where there is work its worktree stays. What was
 * started again since it was listed is left alone.
 */
export async function cleanUp(
  sessions: readonly SessionRecord[],
  { olderThanDays, dryRun = false }: CleanUpOptions,
  actions: CleanUpActions,
): Promise<CleanUpResult[]> {
  const old = sessionsToCleanUp(sessions, olderThanDays);
  if (dryRun) return old.map((record) => ({ state: 'planned', record }));
  const results: CleanUpResult[] = [];
  for (const record of old) results.push(await cleanedUp(record, actions));
  return results;
}

/** The sessions that ended longer ago than so many days. */
export function sessionsToCleanUp(
  sessions: readonly SessionRecord[],
  olderThanDays: number,
  now = new Date(),
): SessionRecord[] {
  const time = new Date(now.getTime() - olderThanDays * day);
  return sessions.filter((record) => wasOverBefore(record, time));
}

async function cleanedUp(record: SessionRecord, { look, destroy }: CleanUpActions): Promise<CleanUpResult> {
  try {
    requireUntouched(await look(record.id), record);
    return { state: 'destroyed', ...(await destroy(record)) };
  } catch (error) {
    return { state: 'failed', record, error };
  }
}

/** Somebody may have started it since it was chosen, and it may even have ended again with work that nobody has seen. */
function requireUntouched(now: SessionRecord, chosen: SessionRecord): void {
  if (now.status === chosen.status && now.endedAt === chosen.endedAt) return;
  throw new HoldfastError('SESSION_RUNNING', `“${now.name}” was started again meanwhile. Nothing was changed.`, {
    data: { id: now.id },
  });
}

async function resultOf(
  record: SessionRecord,
  act: (record: SessionRecord) => Promise<SessionRecord>,
): Promise<SessionResult> {
  const { id, name } = record;
  try {
    return { id, name, state: 'done', record: await act(record) };
  } catch (error) {
    return { id, name, state: 'failed', error };
  }
}
