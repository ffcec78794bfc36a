import type { SessionHealth } from '../protocol/health.ts';
import type { KeptSession } from '../protocol/helperRpc.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { until } from './moments.ts';
import { countSessions, describeExit } from './presentation.ts';
import { wasLoss } from './sessionEnd.ts';
import { isGoingOn, isRunning, wasLost } from './sessionRecord.ts';
import { hasFailedSetup } from './setup.ts';

/** What is told about a minute before a time limit ends a session; undefined where none is near. */
export function endingNotice(record: SessionRecord, health: SessionHealth): string | undefined {
  if (health.endsAt === undefined || !isRunning(record)) return undefined;
  const why = health.evidence.find(({ by }) => by === 'watchdog')?.what ?? 'it is ended soon';
  return `“${record.name}”: ${why}.`;
}

/** What is told once a session goes on that the user wants to. */
export function keptNotice(name: string, { endsAt, endsBy }: KeptSession, now: Date): string {
  if (endsAt === undefined) return `“${name}” runs on.`;
  const condition = endsBy === 'idleTimeout' ? ' if it does nothing' : ', for its time is over then';
  return `“${name}” runs on, and is ended ${until(endsAt, now)}${condition}.`;
}

/** What is told when a session has failed that was, or would have been, started again by itself. */
export function failureNotice(before: SessionRecord | undefined, after: SessionRecord): string | undefined {
  const isNews = before !== undefined && isGoingOn(before) && after.status === 'failed';
  return isNews && wasLoss(after) && !hasFailedSetup(after) ? `“${after.name}” has failed${whyOf(after)}.` : undefined;
}

/** What is told when a time limit has ended a session that is not started again. */
export function timeoutNotice(before: SessionRecord | undefined, after: SessionRecord): string | undefined {
  const isNews = before !== undefined && isGoingOn(before) && after.status === 'timeout';
  return isNews && !hasFailedSetup(after) ? `“${after.name}” was ended${whyOf(after)}.` : undefined;
}

/** What is told when the setup of a session’s worktree has failed, so that its command was not started. */
export function setupNotice(before: SessionRecord | undefined, after: SessionRecord): string | undefined {
  const isNews = before !== undefined && !hasFailedSetup(before) && hasFailedSetup(after);
  return isNews ? `“${after.name}” was not started${whyOf(after)}.` : undefined;
}

function whyOf(record: SessionRecord): string {
  const why = describeExit(record);
  return why === undefined ? '' : `: ${why}`;
}

/** What a window offers to resume, and why that is necessary; undefined where nothing was lost. */
export function resumeOffer(records: readonly SessionRecord[]): { text: string; causes: string[] } | undefined {
  const lost = records.filter(wasLost);
  if (lost.length === 0) return undefined;
  const reasons = new Set(lost.map((record) => describeExit(record)));
  const [reason] = reasons;
  const why = reasons.size === 1 && reason !== undefined ? reason : 'their processes are gone';
  const text = `${countSessions(lost.length)} ${lost.length === 1 ? 'is' : 'are'} idle: ${why}.`;
  return { text, causes: lost.map(({ id, endedAt = '' }) => `${id} ${endedAt}`) };
}
