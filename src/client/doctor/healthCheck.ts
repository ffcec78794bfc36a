import type { HealthReport, Leftover, SessionHealth } from '../../protocol/health.ts';
import type { Evidence } from '../../protocol/sessionRecord.ts';
import type { Diagnosed } from './doctorContext.ts';
import type { Examination } from './examination.ts';

/** What else is found by checks of its own, which know more of it. */
const foundElsewhere = new Set(['pid', 'integrity', 'orphaned']);

/** What the helper sees of the sessions that run; without one that answers nobody looks after them, which is told elsewhere. */
export async function checkHealth(examination: Examination): Promise<Diagnosed[]> {
  const answer = await examination.helper();
  if (answer.state !== 'answers' || !answer.health) return [];
  const { sessions, leftovers, startsHeld } = answer.health;
  return [
    ...sessions.flatMap(describeSession),
    ...leftovers.filter(({ kind }) => kind === 'daemon').map((left) => describeLeftover(left, answer.health)),
    ...(startsHeld === undefined ? [] : [describeHeld(startsHeld)]),
  ];
}

function describeSession({ id, name, state, evidence }: SessionHealth): Diagnosed[] {
  if (state === 'healthy') return [];
  return evidence
    .filter(({ by }) => !foundElsewhere.has(by))
    .map((one) => ({
      code: `session-${state}`,
      severity: state === 'stale' ? ('info' as const) : ('warning' as const),
      subject: `“${name}” (${id.slice(0, 8)})`,
      problem: `${one.what[0]?.toUpperCase()}${one.what.slice(1)}.`,
      evidence: [describeSight(one)],
      ...(one.action === undefined ? {} : { repair: { text: one.action, isSafe: false } }),
    }));
}

function describeSight({ by, at }: Evidence): string {
  return `Seen by its ${by} at ${at}.`;
}

function describeLeftover({ sessionId, pid, what }: Leftover, report: HealthReport | undefined): Diagnosed {
  const session = report?.sessions.find(({ id }) => id === sessionId);
  return {
    code: 'process-left',
    severity: 'info',
    subject: session ? `“${session.name}” (${sessionId.slice(0, 8)})` : sessionId,
    problem: 'A process that the session started runs on, though what started it has ended.',
    evidence: [`Process ${pid}${what ? `: ${what}` : ''}.`],
    repair: { text: `It may be meant to. If nobody needs it, end it: kill ${pid}.`, isSafe: false },
  };
}

function describeHeld(why: string): Diagnosed {
  return {
    code: 'starts-held',
    severity: 'error',
    subject: 'automatic restarts',
    problem: 'No session is started by itself at present.',
    evidence: [`The last attempts failed for the machine’s own reason: ${why}.`],
    repair: { text: 'Put that right; it is tried again every few minutes.', isSafe: false },
  };
}
