import type { SessionHealth } from '../protocol/health.ts';
import type { Evidence, SessionRecord, SessionStatus } from '../protocol/sessionRecord.ts';
import { describeRetry, describeUse } from './healthPresentation.ts';
import { since, timeOfDay, until } from './moments.ts';
import { explainPolicy } from './policyWords.ts';
import { describeExit } from './presentation.ts';
import { isGoingOn, isRecovering, isRunning, wasStarted } from './sessionRecord.ts';
import { hasFailedSetup, isBeingMadeReady } from './setup.ts';
import { defaultSettings, effectivePolicy, type SupervisionSettings } from './supervisionPolicy.ts';

export interface ExplainContext {
  now: Date;
  /** What the user has set; the defaults where that is not known. */
  settings?: SupervisionSettings;
  /** Why no session is started by itself at present, as a part of a sentence. */
  startsHeld?: string | undefined;
}

/**
 * Tells in plain sentences how a session is and why: its status, its health, what will happen next, and by which
 * policy. Nothing is told that was not seen; `health` is undefined where nobody has told it.
 */
export function explainSession(
  record: SessionRecord,
  health: SessionHealth | undefined,
  context: ExplainContext,
): string[] {
  const { settings = defaultSettings, now } = context;
  return [
    statusSentence(record, now),
    ...endingSentence(record, now),
    ...healthSentences(record, health, now),
    ...useSentence(record, health),
    ...nextSentences(record, health, { ...context, settings }),
    ...explainPolicy(record, settings.policy),
  ];
}

const states: Record<SessionStatus, string> = {
  idle: 'is idle',
  active: 'is running',
  waiting: 'is waiting for you',
  recovering: 'is recovering',
  completed: 'has completed',
  failed: 'has failed',
  timeout: 'has timed out',
  cancelled: 'was stopped',
};

/** As in “it has failed”. */
export function statusPhrase(status: SessionStatus): string {
  return states[status];
}

/** How a session is, after its name or “it”: “has failed (ended with code 3)”, “was stopped”. */
export function describeOutcome(record: SessionRecord): string {
  const why = record.status === 'cancelled' ? undefined : describeExit(record);
  return [statusPhrase(record.status), why && `(${why})`].filter(Boolean).join(' ');
}

/** By what something was seen; the names of reports stand for themselves, and what the user did they know. */
const sources: Record<string, string | undefined> = {
  user: undefined,
  host: 'seen at its session host',
  process: 'seen at its process',
  watchdog: 'seen by the watchdog',
  retry: 'seen at the restart',
  boot: 'seen at the start of the machine',
  pid: 'seen at the process id of its host',
  heartbeat: 'seen at the heartbeat of its host',
  integrity: 'seen in its files',
  disk: 'seen at the disk',
  orphaned: 'seen among the processes',
  input: 'seen at its input',
  output: 'seen at its output',
  record: 'told by its record',
};

/** What was seen, by what, and how long ago, as a part of a sentence. */
export function describeEvidence({ what, by, at }: Evidence, now: Date): string {
  const source = by in sources ? sources[by] : `told by ${by}`;
  return `${what} (${[source, since(at, now)].filter(Boolean).join(', ')})`;
}

function statusSentence(record: SessionRecord, now: Date): string {
  const { name, status, evidence } = record;
  const state = `“${name}” ${states[status]}`;
  if (status === 'cancelled' && evidence?.by === 'user') return `${state} by you (${since(evidence.at, now)}).`;
  if (evidence) return `${state}: ${describeEvidence(evidence, now)}.`;
  const exit = describeExit(record);
  if (exit !== undefined) return `${state}: ${exit}${record.endedAt ? `, ${since(record.endedAt, now)}` : ''}.`;
  return wasStarted(record) ? `${state}.` : `${state}: no process of it was seen yet.`;
}

function endingSentence({ ending }: SessionRecord, now: Date): string[] {
  if (!ending) return [];
  return [`Its process was told to end: ${describeEvidence({ ...ending, by: 'watchdog' }, now)}.`];
}

function healthSentences(record: SessionRecord, health: SessionHealth | undefined, now: Date): string[] {
  if (!health) return ['How it is beyond that is not known at present.'];
  const { state, evidence } = health;
  const told = evidence.filter(({ what }) => what !== record.evidence?.what);
  if (state === 'healthy') return isRunning(record) ? told.map((one) => `It is healthy: ${seen(one, now)}`) : [];
  const [first, ...others] = told;
  const isSame = told.length < evidence.length;
  if (!first || isSame) {
    // That it is recovering says so already.
    const same = isRecovering(record) ? [] : [`It is ${state} for that reason.`];
    return [...same, ...told.map((one) => `Also: ${seen(one, now)}`)];
  }
  return [`It is ${state}: ${seen(first, now)}`, ...others.map((one) => `Also: ${seen(one, now)}`)];
}

/** The end of a sentence, and what would put it right as another one. */
function seen(evidence: Evidence, now: Date): string {
  return [`${describeEvidence(evidence, now)}.`, ...(evidence.action === undefined ? [] : [evidence.action])].join(' ');
}

function useSentence(record: SessionRecord, health: SessionHealth | undefined): string[] {
  return isRunning(record) && health?.use ? [`It uses ${describeUse(health.use)}.`] : [];
}

type NextContext = Required<Pick<ExplainContext, 'now' | 'settings'>> & Pick<ExplainContext, 'startsHeld'>;

function nextSentences(record: SessionRecord, health: SessionHealth | undefined, context: NextContext): string[] {
  if (isBeingMadeReady(record))
    return ['Its command is started once its setup has succeeded.', ...endSentence(health, context.now)];
  if (isRecovering(record)) return [retrySentence(record, context)];
  if (isGoingOn(record)) return endSentence(health, context.now);
  return [endedSentence(record), ...archiveSentence(record, context)];
}

function retrySentence(record: SessionRecord, { now, settings, startsHeld }: NextContext): string {
  const { maxAttempts } = effectivePolicy(record.policy, settings.policy);
  const { retryAt } = record.recovery ?? {};
  const clock = retryAt !== undefined && Date.parse(retryAt) > now.getTime() ? ` (${timeOfDay(retryAt)})` : '';
  const held = startsHeld === undefined ? '' : ` But nothing is started by itself for now: ${startsHeld}.`;
  return `It is to be started again: ${describeRetry(record, maxAttempts, now)}${clock}.${held}`;
}

function endSentence(health: SessionHealth | undefined, now: Date): string[] {
  if (health?.endsAt === undefined) return [];
  return [`It is ended ${until(health.endsAt, now)} (${timeOfDay(health.endsAt)}) if nothing changes.`];
}

function endedSentence(record: SessionRecord): string {
  if (hasFailedSetup(record))
    return 'Its command was not started; “Restart Session” runs the setup again, “Start Without Setup” leaves it out.';
  return `It is not started ${wasStarted(record) ? 'again ' : ''}by itself; “Restart Session” starts it.`;
}

function archiveSentence({ status, endedAt, archivedAt }: SessionRecord, { now, settings }: NextContext): string[] {
  if (archivedAt !== undefined) return [`It was archived ${since(archivedAt, now)}.`];
  if (status === 'idle' || endedAt === undefined || settings.archiveAfter === 0) return [];
  const at = new Date(Date.parse(endedAt) + settings.archiveAfter * 60_000).toISOString();
  const when = until(at, now);
  return [`It is archived ${when === 'now' ? 'at the next look' : when}.`];
}
