import { HoldfastError } from '../base/errors.ts';
import type { HelperClient } from '../client/helperClient.ts';
import type { HealthReport, Leftover } from '../protocol/health.ts';
import { type Column, printTable } from './columnTable.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, type RepositorySessions, withSessions } from './repositorySessions.ts';
import { shownRecord } from './shownRecord.ts';
import type { Cell } from './table.ts';
import { UsageError } from './usageError.ts';

const columns: readonly Column[] = [
  { heading: 'PID' },
  { heading: 'KIND', leftOut: 1 },
  { heading: 'SESSION', least: 10 },
  { heading: 'WHAT', least: 10 },
];

/** `holdfast leftovers list` */
export async function listLeftovers(program: Program, { json }: CommandArguments): Promise<number> {
  return withSessions(program, async ({ helper }) => {
    const report = await helper?.health();
    const { leftovers = [], leftoversUntold: untold = 0 } = report ?? {};
    if (json) printJson({ leftovers: leftovers.map((one) => ({ ...one, session: nameOf(one, report) })), untold });
    else if (leftovers.length === 0) print('No session has left anything behind.');
    else
      printTable(
        columns,
        leftovers.map((one) => row(one, report)),
      );
    if (!json && untold > 0) print(`${untold} more.`);
    return 0;
  });
}

/** `holdfast leftovers end PID` */
export async function endLeftover(program: Program, { name, json }: CommandArguments): Promise<number> {
  return withSessions(program, async (sessions) => {
    const { helper, leftover, report } = await find(sessions, pidOf(name));
    await helper.endLeftover(leftover);
    if (json) printJson({ ...leftover, session: nameOf(leftover, report) });
    else print(`Ended process ${leftover.pid}, which ${sessionOf(leftover, report)} had left behind.`);
    return 0;
  });
}

/** `holdfast leftovers adopt PID` */
export async function adoptLeftover(program: Program, { name, json }: CommandArguments): Promise<number> {
  return withSessions(program, async (sessions) => {
    const { helper, leftover } = await find(sessions, pidOf(name));
    if (leftover.kind !== 'host') throw noHost(leftover);
    const record = await helper.adoptHost(leftover.sessionId);
    if (json) printJson(shownRecord(record));
    else print(`${record.name} is in the list again.`);
    return 0;
  });
}

/** “sleep 600 (process 16910), of login”. */
export function describeLeftover(leftover: Leftover, report: HealthReport): string {
  return `${leftover.what} (process ${leftover.pid}), of ${sessionOf(leftover, report)}`;
}

interface FoundLeftover {
  helper: HelperClient;
  leftover: Leftover;
  report: HealthReport;
}

/** @throws {HoldfastError} `SESSION_NOT_FOUND` */
async function find({ helper }: RepositorySessions, pid: number): Promise<FoundLeftover> {
  const report = await helper?.health();
  const leftover = report?.leftovers.find((one) => one.pid === pid);
  if (helper && report && leftover) return { helper, leftover, report };
  throw new HoldfastError('SESSION_NOT_FOUND', `Process ${pid} is none that a session left behind.`, {
    advice: 'Nothing was changed. “holdfast leftovers list” tells what there is.',
    data: { pid },
  });
}

function pidOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`“${text}” is no process id.`, 'leftovers');
}

function row(leftover: Leftover, report: HealthReport | undefined): Cell[] {
  const { pid, kind, what } = leftover;
  const text = kind === 'host' ? 'session host' : 'process';
  return [{ text: String(pid) }, { text }, { text: sessionOf(leftover, report) }, { text: what }];
}

/** Its name where it is in the list, else the beginning of its id. */
function sessionOf(leftover: Leftover, report: HealthReport | undefined): string {
  return nameOf(leftover, report) ?? leftover.sessionId.slice(0, 8);
}

function nameOf({ sessionId }: Leftover, report: HealthReport | undefined): string | null {
  return report?.sessions.find(({ id }) => id === sessionId)?.name ?? null;
}

function noHost({ pid, what }: Leftover): HoldfastError {
  return new HoldfastError('INVALID_ARGUMENT', `Process ${pid} (${what}) is no session host.`, {
    advice: 'Only a host can be made a session again. Nothing was changed.',
    data: { pid },
  });
}
