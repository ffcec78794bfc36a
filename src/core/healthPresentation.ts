import type { HealthReport, HealthState, ResourceUse, SessionHealth } from '../protocol/health.ts';
import type { SessionRecord, SessionStatus } from '../protocol/sessionRecord.ts';
import { rank } from './health.ts';
import { countdown, until } from './moments.ts';
import { describeExit, describeSession, lookOf } from './presentation.ts';
import { wasLoss } from './sessionEnd.ts';
import { isGoingOn, isRecovering } from './sessionRecord.ts';
import { isBeingMadeReady } from './setup.ts';
import { effectivePolicy, type PolicySettings } from './supervisionPolicy.ts';

/** Ids of VS Code theme colours; what is well has the colour of its status. */
const colors: { [S in HealthState]?: string } = {
  stale: 'disabledForeground',
  degraded: 'charts.yellow',
  unresponsive: 'charts.orange',
  lost: 'charts.red',
};

/** The colour of a session that is not well; undefined for that of its status. */
export function healthColor(state: HealthState): string | undefined {
  return colors[state];
}

/** “312 MB”, “1.4 GB”. */
export function describeBytes(bytes: number): string {
  const megabytes = bytes / (1024 * 1024);
  if (megabytes < 10) return `${megabytes.toFixed(1)} MB`;
  return megabytes < 1000 ? `${Math.round(megabytes)} MB` : `${(megabytes / 1024).toFixed(1)} GB`;
}

/** “312 MB, 4 % of a core, 3 processes”. */
export function describeUse({ memory, cpu, processes }: ResourceUse): string {
  return `${describeBytes(memory)}, ${Math.round(cpu)} % of a core, ${processes} process${processes === 1 ? '' : 'es'}`;
}

/** “attempt 2 of 3 in 12 s” of a session that waits for its next automatic restart. */
export function describeRetry(record: SessionRecord, maxAttempts: number, now: Date): string {
  return `${attemptOf(record, maxAttempts)} ${retryTime(record, now, until)}`;
}

function attemptOf({ attempts }: SessionRecord, maxAttempts: number): string {
  // The limit may have been lowered since.
  return `attempt ${attempts} of ${Math.max(attempts, maxAttempts)}`;
}

function retryTime({ recovery }: SessionRecord, now: Date, words: typeof until): string {
  return recovery?.retryAt === undefined ? 'now' : words(recovery.retryAt, now);
}

/** What is told of a session beside its status: that it is stale, say; undefined where nothing is wrong. */
export function ailment(record: SessionRecord, health: SessionHealth | undefined): HealthState | undefined {
  if (!health || health.state === 'healthy' || health.status !== record.status) return undefined;
  // That it is being recovered says more.
  return isRecovering(record) && health.state === 'lost' ? undefined : health.state;
}

/** Worst first: the sessions that somebody should look at, with why, as “login: its host does not answer”. */
export interface Complaint {
  id: string;
  state: HealthState;
  text: string;
}

export function complaints(report: HealthReport | undefined): Complaint[] {
  return (report?.sessions ?? [])
    .filter(({ state }) => state !== 'healthy')
    .sort((a, b) => rank(b.state) - rank(a.state))
    .map(({ id, name, state, evidence: [first] }) => ({ id, state, text: first ? `${name}: ${first.what}` : name }));
}

/** “1 unresponsive, 2 stale”, worst first; empty where all are healthy. */
export function countComplaints(told: readonly Pick<Complaint, 'state'>[]): string {
  const states = [...new Set(told.map(({ state }) => state))].sort((a, b) => rank(b) - rank(a));
  return states.map((state) => `${told.filter((one) => one.state === state).length} ${state}`).join(', ');
}

/** Statuses that a person wonders about. */
const surprising: readonly SessionStatus[] = ['recovering', 'failed', 'timeout'];

/** One line of a list of all: “search · running, unresponsive: its session host has not answered for 11 s”. */
export function glance(record: SessionRecord, health: SessionHealth | undefined): string {
  const illness = ailment(record, health);
  const seen = surprising.includes(record.status) ? describeExit(record) : undefined;
  const why = illness === undefined ? seen : health?.evidence[0]?.what;
  const state = [lookOf(record).label, illness].filter(Boolean).join(', ');
  return `${record.name} · ${state}${why === undefined ? '' : `: ${why}`}`;
}

/** How many processes a sentence names. */
const maxNamed = 5;

/** What is told of a session that goes, or is about to, about the processes that do not go with it. */
export function leftNotice({ id, name }: SessionRecord, report: HealthReport | undefined): string | undefined {
  const left = (report?.leftovers ?? []).filter(({ kind, sessionId }) => kind === 'daemon' && sessionId === id);
  if (left.length === 0) return undefined;
  const named = left.slice(0, maxNamed).map(({ what, pid }) => `${what || 'a program'} (process ${pid})`);
  const others = left.length > maxNamed ? ` and ${left.length - maxNamed} more` : '';
  return `What “${name}” left behind runs on: ${named.join(', ')}${others}.`;
}

/** How much a view or a badge has to stand out. */
export type Alarm = 'none' | 'warning' | 'error';

/** As {@link ailment}, where somebody should look at it: what a session that has ended left behind may be meant. */
export function worry(record: SessionRecord, health: SessionHealth | undefined): HealthState | undefined {
  return isGoingOn(record) ? ailment(record, health) : undefined;
}

/** Whether a session has ended as nobody meant it to and is still in the list. */
export function isLoss(record: SessionRecord): boolean {
  return record.archivedAt === undefined && wasLoss(record);
}

/** What the worst of all sessions is worth, or that none is started by itself: a quiet one is nobody's alarm, and one that is recovered is in good hands. */
export function alarmOf(records: readonly SessionRecord[], report: HealthReport | undefined): Alarm {
  const health = new Map(report?.sessions.map((one) => [one.id, one]));
  const states = records.map((record) => worry(record, health.get(record.id)));
  if (states.some((state) => state === 'lost' || state === 'unresponsive')) return 'error';
  const isHeld = report?.startsHeld !== undefined;
  const isTorn = (one: SessionRecord) => isRecovering(one) && !isBeingMadeReady(one);
  const needsLook = (one: SessionRecord) => isTorn(one) || one.status === 'waiting' || isLoss(one);
  return isHeld || states.includes('degraded') || records.some(needsLook) ? 'warning' : 'none';
}

/**
 * The gray text beside a session’s name: when it is started again, else what is wrong with it, its branch, what was done
 * on it, and its age.
 */
export function describeState(
  record: SessionRecord,
  health: SessionHealth | undefined,
  { now, policy, work }: { now: Date; policy: PolicySettings; work?: string },
): string {
  if (isBeingMadeReady(record)) return ['setting up', describeSession(record, now)].join(' · ');
  if (isRecovering(record)) {
    const { maxAttempts } = effectivePolicy(record.policy, policy);
    // A narrow tree cuts the end off, and the time is what changes.
    return `recovering ${retryTime(record, now, countdown)} · ${attemptOf(record, maxAttempts)}`;
  }
  return [ailment(record, health), describeSession(record, now, work)].filter(Boolean).join(' · ');
}
