import { summarize } from '../core/health.ts';
import { complaints, countComplaints, describeBytes } from '../core/healthPresentation.ts';
import { statusLook } from '../core/presentation.ts';
import { isGoingOn } from '../core/sessionRecord.ts';
import type { HealthReport } from '../protocol/health.ts';
import type { HelperStatus } from '../protocol/helperRpc.ts';
import { type SessionRecord, sessionStatuses } from '../protocol/sessionRecord.ts';
import { count, type Fact, printFacts, since } from './facts.ts';
import { describeLeftover } from './leftoversCommand.ts';
import { printJson } from './output.ts';
import type { RepositorySessions } from './repositorySessions.ts';

/** The repository, its helper, and how its sessions are. */
export async function showRepository(sessions: RepositorySessions, json: boolean): Promise<void> {
  const { workplace, helper } = sessions;
  const [records, status, health] = await Promise.all([sessions.list(), helper?.status(), sessions.health()]);
  const counts = countStatuses(records);
  if (json) {
    const repository = { repository: workplace, helper: status ?? null, sessions: counts };
    return printJson({ ...repository, ...figuresOf(records, health), health: health ? beyondFigures(health) : null });
  }
  printFacts([
    [workplace.kind === 'git' ? 'Repository' : 'Folder', workplace.root],
    ['Helper', status ? describeHelper(status, new Date()) : 'not running'],
    ['Sessions', describeCounts(counts)],
    ...(health ? healthFacts(health) : []),
  ]);
}

/** The figures of the health report, which are known also where no helper runs. */
function figuresOf(records: readonly SessionRecord[], health: HealthReport | undefined) {
  const { totalSessions, healthySessions, staleSessions, averageMemoryUsage, sessionsByStatus } =
    health ?? summarize(records, []);
  return { totalSessions, healthySessions, staleSessions, averageMemoryUsage, sessionsByStatus };
}

/** What of the report the figures are not. */
function beyondFigures({
  totalSessions: _,
  healthySessions: __,
  staleSessions: ___,
  averageMemoryUsage: ____,
  sessionsByStatus: _____,
  ...rest
}: HealthReport) {
  return rest;
}

function healthFacts(report: HealthReport): Fact[] {
  const { healthySessions, averageMemoryUsage, leftovers, leftoversUntold, startsHeld } = report;
  const goingOn = report.sessions.filter(isGoingOn).length;
  const told = complaints(report);
  const health = [goingOn > 0 ? `${healthySessions} of ${goingOn} healthy` : '', countComplaints(told)];
  const facts: [label: string, text: string | undefined][] = [
    ['Health', health.filter(Boolean).join(', ') || undefined],
    ['Memory', averageMemoryUsage > 0 ? `${describeBytes(averageMemoryUsage)} a session` : undefined],
    ['Restarts', startsHeld === undefined ? undefined : `none by themselves for now: ${startsHeld}`],
    ...told.map(({ state, text }): Fact => [capitalized(state), text]),
    ...leftovers.map((leftover): Fact => ['Left over', describeLeftover(leftover, report)]),
    ['Left over', leftoversUntold === undefined ? undefined : `${leftoversUntold} more`],
  ];
  return facts.filter((fact): fact is Fact => fact[1] !== undefined);
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function describeHelper({ pid, version, startedAt, clients, hosts }: HelperStatus, now: Date): string {
  const others = count(clients - 1, 'other client');
  return `process ${pid}, version ${version}, up ${since(startedAt, now)}, ${others}, ${count(hosts, 'host')}`;
}

type Counts = Record<string, number>;

function countStatuses(records: readonly SessionRecord[]): Counts {
  return Object.fromEntries(
    sessionStatuses.map((status) => [status, records.filter((record) => record.status === status).length]),
  );
}

function describeCounts(counts: Counts): string {
  const present = sessionStatuses.filter((status) => counts[status]);
  return present.map((status) => `${counts[status]} ${statusLook(status).label}`).join(', ') || 'none';
}
