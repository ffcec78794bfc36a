import { HostClient } from '../client/hostClient.ts';
import { type ShownWork, workFacts, workIn } from '../core/changesPresentation.ts';
import { describeBytes } from '../core/healthPresentation.ts';
import { sessionFacts } from '../core/presentation.ts';
import { isRunning } from '../core/sessionRecord.ts';
import type { SessionHealth } from '../protocol/health.ts';
import type { HostStatus } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { count, type Fact, printFacts, since } from './facts.ts';
import { printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, type RepositorySessions, withSessions } from './repositorySessions.ts';
import { showRepository } from './repositoryStatus.ts';
import { shownRecord, variableNames } from './shownRecord.ts';

/** `holdfast status [NAME]` */
export async function showStatus(program: Program, { name, json }: CommandArguments): Promise<number> {
  return withSessions(program, async (sessions) => {
    if (name) await showSession(sessions, name, json);
    else await showRepository(sessions, json);
    return 0;
  });
}

async function showSession(sessions: RepositorySessions, name: string, json: boolean): Promise<void> {
  const { record } = await sessions.find(name);
  const [host, report, seen] = await Promise.all([
    isRunning(record) ? hostStatus(sessions, record.id) : undefined,
    sessions.health(),
    sessions.changes(),
  ]);
  const work = workIn(seen, record.id);
  const health = report?.sessions.find(({ id }) => id === record.id);
  if (json)
    return printJson({ session: shownRecord(record), host: host ?? null, health: health ?? null, ...jsonWork(work) });
  const others = new Map((await sessions.list()).map(({ id, name: other }) => [id, other]));
  const now = new Date();
  printFacts([
    ['Name', record.name],
    ...sessionFacts(record, now),
    ...workFacts(record, work, (id) => others.get(id) ?? 'another session'),
    ...(health ? healthFacts(health) : []),
    ...furtherFacts(record),
    ...(host ? hostFacts(host, now) : []),
    ...(isRunning(record) && !host ? [['Host', 'does not answer'] satisfies Fact] : []),
  ]);
}

function jsonWork({ changes, overlaps }: ShownWork) {
  return { changes: changes ?? null, overlaps };
}

/** Undefined where the host does not answer: a state to show, not an error. */
async function hostStatus(sessions: RepositorySessions, id: string): Promise<HostStatus | undefined> {
  let host: HostClient | undefined;
  try {
    host = await HostClient.connect(await sessions.hostAddress(id));
    return await host.status();
  } catch {
    return undefined;
  } finally {
    host?.dispose();
  }
}

function furtherFacts(record: SessionRecord): Fact[] {
  const { env, ...metadata } = record.metadata ?? {};
  const facts: [string, string | undefined][] = [
    ['Phase', record.currentPhase],
    ['Starts in', record.cwd],
    ['Template', record.template],
    ['Retry', `${record.policy.retry}, ${count(record.attempts, 'attempt')} so far`],
    ['Conversation', record.agentSessionId],
    ['Variables', variableNames(record).join(', ') || undefined],
    ['Metadata', Object.keys(metadata).length > 0 ? JSON.stringify(metadata) : undefined],
    ['Id', record.id],
    ['Revision', String(record.revision)],
  ];
  return facts.filter((fact): fact is Fact => fact[1] !== undefined);
}

function healthFacts({ state, evidence, use }: SessionHealth): Fact[] {
  const health: Fact = [
    'Health',
    state === 'healthy' ? state : `${state}: ${evidence.map(({ what }) => what).join('; ')}`,
  ];
  if (!use) return [health];
  const { memory, cpu, cpuTime, processes, openFiles } = use;
  const files = openFiles === undefined ? '' : `, ${count(openFiles, 'open file')}`;
  return [
    health,
    ['Memory', describeBytes(memory)],
    ['CPU', `${Math.round(cpu)} % of a core, ${Math.round(cpuTime / 1000)} s since its start`],
    ['Processes', `${processes}${files}`],
  ];
}

function hostFacts(host: HostStatus, now: Date): Fact[] {
  const { pid, startedAt, cols, rows, clients, seq, lastOutputAt, title } = host;
  return [
    ['Host', `process ${pid}, since ${since(startedAt, now)}`],
    ['Terminal', `${cols} × ${rows}${title ? `, titled “${title}”` : ''}`],
    ['Clients', `${clients}, the helper and this command included`],
    ['Output', `${count(seq, 'byte')}${lastOutputAt ? `, the last ${since(lastOutputAt, now)} ago` : ''}`],
  ];
}
