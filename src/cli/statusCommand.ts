import { HostClient } from '../client/hostClient.ts';
import { age, sessionFacts, statusLook } from '../core/presentation.ts';
import { isRunning } from '../core/sessionRecord.ts';
import type { HelperStatus } from '../protocol/helperRpc.ts';
import type { HostStatus } from '../protocol/hostMessages.ts';
import { type SessionRecord, sessionStatuses } from '../protocol/sessionRecord.ts';
import { paint, print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, type RepositorySessions, withSessions } from './repositorySessions.ts';
import { shownRecord, variableNames } from './shownRecord.ts';
import { type Cell, formatTable } from './table.ts';

type Fact = [label: string, text: string];

/** `holdfast status [NAME]` */
export async function showStatus(program: Program, { name, json }: CommandArguments): Promise<number> {
  return withSessions(program, async (sessions) => {
    if (name) await showSession(sessions, name, json);
    else await showRepository(sessions, json);
    return 0;
  });
}

async function showRepository(sessions: RepositorySessions, json: boolean): Promise<void> {
  const { workplace, helper } = sessions;
  const [records, status] = await Promise.all([sessions.list(), helper?.status()]);
  const counts = countStatuses(records);
  if (json) return printJson({ repository: workplace, helper: status ?? null, sessions: counts });
  printFacts([
    [workplace.kind === 'git' ? 'Repository' : 'Folder', workplace.root],
    ['Helper', status ? describeHelper(status, new Date()) : 'not running'],
    ['Sessions', describeCounts(counts)],
  ]);
}

async function showSession(sessions: RepositorySessions, name: string, json: boolean): Promise<void> {
  const { record } = await sessions.find(name);
  const host = isRunning(record) ? await hostStatus(sessions, record.id) : undefined;
  if (json) return printJson({ session: shownRecord(record), host: host ?? null });
  const now = new Date();
  printFacts([
    ['Name', record.name],
    ...sessionFacts(record, now),
    ...furtherFacts(record),
    ...(host ? hostFacts(host, now) : []),
    ...(isRunning(record) && !host ? [['Host', 'does not answer'] satisfies Fact] : []),
  ]);
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

function hostFacts(host: HostStatus, now: Date): Fact[] {
  const { pid, startedAt, cols, rows, clients, seq, lastOutputAt, title } = host;
  return [
    ['Host', `process ${pid}, since ${since(startedAt, now)}`],
    ['Terminal', `${cols} × ${rows}${title ? `, titled “${title}”` : ''}`],
    ['Clients', `${clients}, the helper and this command included`],
    ['Output', `${count(seq, 'byte')}${lastOutputAt ? `, the last ${since(lastOutputAt, now)} ago` : ''}`],
  ];
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

function printFacts(facts: readonly Fact[]): void {
  const rows = facts.map(([label, text]): Cell[] => [{ text: label, style: 'dim' }, { text }]);
  for (const line of formatTable(rows, { paint })) print(line);
}

function since(time: string, now: Date): string {
  const text = age(time, now);
  return text === 'now' ? 'less than a minute' : text;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
