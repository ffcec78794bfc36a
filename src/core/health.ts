import {
  type HealthReport,
  type HealthState,
  healthStates,
  type ResourceUse,
  type SessionHealth,
} from '../protocol/health.ts';
import { type Evidence, type SessionRecord, sessionStatuses } from '../protocol/sessionRecord.ts';
import { type CascadeFacts, runCascade } from './cascade.ts';
import type { LimitWarning } from './limits.ts';
import { span } from './moments.ts';
import { isGoingOn, isLive, isRecovering, isRunning } from './sessionRecord.ts';
import { judgeWorktree } from './worktreeLink.ts';

/** Typing that a program has not taken for so long is stuck; milliseconds. */
const inputPatience = 2_000;

/** By how much a moment that is told twice may differ and be the same; milliseconds. */
const timeTolerance = 2_000;

/** What is known of one session’s process beside what the cascade looks at. What is absent is concluded from nothing. */
export interface HealthFacts extends CascadeFacts {
  /** Since its last output, or its start, by a monotonic clock; milliseconds. */
  quietFor?: number;
  /** ISO 8601 UTC; null where there was none yet. */
  lastOutputAt?: string | null;
  /** Since when typing waits for the program, ISO 8601 UTC; null where none does. */
  inputPendingSince?: string | null;
  /** How long typing has waited when its host last answered, by a monotonic clock, milliseconds; null where none waits. */
  inputPendingFor?: number | null;
  /** Since when the process has been told to end and has not, ISO 8601 UTC. */
  stoppingSince?: string | null;
  /** After how long without output it is stale; minutes, 0 for never. */
  staleAfter: number;
  use?: ResourceUse;
  /** The one that ends it first is the first. */
  warnings?: readonly LimitWarning[];
}

/** A process that was told to end has its grace time, and its killing takes a moment; milliseconds. */
const stopPatience = 10_000;

interface Sign {
  state: HealthState;
  evidence: Evidence;
}

/** How a session is, and by what that is known. */
export function judgeHealth(record: SessionRecord, facts: HealthFacts): SessionHealth {
  const signs = signsOf(record, facts).sort((a, b) => rank(b.state) - rank(a.state));
  const worktree = facts.files?.worktree && judgeWorktree(record, facts.files.worktree);
  const end = facts.warnings?.find(({ endsAt }) => endsAt !== undefined);
  return {
    id: record.id,
    name: record.name,
    status: record.status,
    state: signs[0]?.state ?? 'healthy',
    evidence: signs.length > 0 ? signs.map(({ evidence }) => evidence) : [healthyEvidence(record, facts)],
    ...(facts.use === undefined ? {} : { use: facts.use }),
    ...(end?.endsAt === undefined ? {} : { endsAt: end.endsAt }),
    ...(end?.endsBy === undefined ? {} : { endsBy: end.endsBy }),
    ...(worktree === undefined ? {} : { worktree: worktree.trouble }),
  };
}

/** How bad a state is: 0 for the best. */
export function rank(state: HealthState): number {
  return healthStates.indexOf(state);
}

/** Of two looks at a session, whether anything is to be told anew. What it uses changes always, and is not. */
export function isSameHealth(one: SessionHealth, other: SessionHealth): boolean {
  const told = ({ name, status, state, evidence }: SessionHealth) =>
    JSON.stringify([name, status, state, evidence.map(({ what, by }) => [by, what.replace(/\d+/g, '')])]);
  return told(one) === told(other) && isSameTime(one.endsAt, other.endsAt);
}

/** Two looks never tell the same moment to the millisecond. */
function isSameTime(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Math.abs(Date.parse(one) - Date.parse(other)) < timeTolerance;
}

function signsOf(record: SessionRecord, facts: HealthFacts): Sign[] {
  const cascade = runCascade(record, facts);
  if (isRecovering(record)) return [recovering(record, facts), ...cascade];
  if (!isRunning(record)) return cascade;
  return [...cascade, ...stopSigns(facts), ...inputSigns(facts), ...limitSigns(facts), ...quietSigns(record, facts)];
}

function recovering({ evidence }: SessionRecord, { now }: HealthFacts): Sign {
  const why = evidence?.what ?? 'its process is gone';
  return { state: 'lost', evidence: { what: why, by: evidence?.by ?? 'host', at: evidence?.at ?? now.toISOString() } };
}

function stopSigns({ stoppingSince, now }: HealthFacts): Sign[] {
  if (!stoppingSince || now.getTime() - Date.parse(stoppingSince) < stopPatience) return [];
  const what = `its process was told to end ${span(stoppingSince, now)} ago and still runs`;
  return [{ state: 'unresponsive', evidence: { what, by: 'process', at: stoppingSince } }];
}

function inputSigns(facts: HealthFacts): Sign[] {
  const waits = inputWait(facts);
  if (waits === undefined || !(waits >= inputPatience)) return [];
  const at = new Date(facts.now.getTime() - waits).toISOString();
  return [{ state: 'unresponsive', evidence: { what: 'its program does not take what is typed', by: 'input', at } }];
}

/** Two wall clocks are compared only where a host is too old to tell how long by its own; one may have been set. */
function inputWait({ inputPendingFor, inputPendingSince, now }: HealthFacts): number | undefined {
  if (inputPendingFor !== undefined) return inputPendingFor ?? undefined;
  return inputPendingSince ? now.getTime() - Date.parse(inputPendingSince) : undefined;
}

function limitSigns({ warnings = [], now }: HealthFacts): Sign[] {
  const at = now.toISOString();
  return warnings.map(({ what }) => ({ state: 'degraded', evidence: { what, by: 'watchdog', at } }));
}

/** One that waits for the user may be quiet for ever. */
function quietSigns({ status }: SessionRecord, { staleAfter, now, quietFor }: HealthFacts): Sign[] {
  if (status === 'waiting' || staleAfter === 0 || quietFor === undefined || quietFor < staleAfter * 60_000) return [];
  const since = new Date(now.getTime() - quietFor).toISOString();
  return [
    { state: 'stale', evidence: { what: `it has said nothing for ${span(since, now)}`, by: 'output', at: since } },
  ];
}

function healthyEvidence(record: SessionRecord, { now, lastOutputAt, silence }: HealthFacts): Evidence {
  const { evidence, lastActivity } = record;
  if (!isRunning(record)) return evidence ?? { what: 'nothing runs in it', by: 'record', at: lastActivity };
  if (lastOutputAt) return { what: 'its host answers and its program has output', by: 'output', at: lastOutputAt };
  if (silence !== undefined) return { what: 'its host answers', by: 'heartbeat', at: now.toISOString() };
  return { what: 'its process was seen to run', by: 'record', at: evidence?.at ?? lastActivity };
}

/** The figures of a report over the sessions that are not destroyed. */
export function summarize(
  records: readonly SessionRecord[],
  sessions: readonly SessionHealth[],
): Pick<
  HealthReport,
  'totalSessions' | 'healthySessions' | 'staleSessions' | 'averageMemoryUsage' | 'sessionsByStatus'
> {
  const live = records.filter(isLive);
  const uses = sessions.flatMap(({ use }) => use ?? []);
  const memory = uses.reduce((sum, use) => sum + use.memory, 0);
  // What has ended is neither.
  const running = sessions.filter(isGoingOn);
  const countOf = (state: HealthState) => running.filter((session) => session.state === state).length;
  const byStatus = sessionStatuses.map((status) => [status, live.filter((one) => one.status === status).length]);
  return {
    totalSessions: live.length,
    healthySessions: countOf('healthy'),
    staleSessions: countOf('stale'),
    averageMemoryUsage: uses.length === 0 ? 0 : Math.round(memory / uses.length),
    sessionsByStatus: Object.fromEntries(byStatus) as HealthReport['sessionsByStatus'],
  };
}
