import { ailment, describeRetry } from '../core/healthPresentation.ts';
import { describeCommand } from '../core/launchCommand.ts';
import { age, countSessions, lookOf } from '../core/presentation.ts';
import { isRecovering } from '../core/sessionRecord.ts';
import { isBeingMadeReady } from '../core/setup.ts';
import { effectivePolicy, type SupervisionSettings } from '../core/supervisionPolicy.ts';
import type { SessionHealth } from '../protocol/health.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { type Column, printTable } from './columnTable.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, withSessions } from './repositorySessions.ts';
import { shownRecord } from './shownRecord.ts';
import { statusStyle } from './statusStyle.ts';
import type { Cell } from './table.ts';

export const sessionColumns: readonly Column[] = [
  { heading: 'NAME', least: 10 },
  // Wide enough for “running, unresponsive”, and for most of a countdown.
  { heading: 'STATUS', least: 28 },
  { heading: 'BRANCH', least: 10, leftOut: 4 },
  { heading: 'AGE', leftOut: 3 },
  { heading: 'ACTIVITY', leftOut: 2 },
  { heading: 'PID', leftOut: 1 },
  { heading: 'COMMAND', least: 8, leftOut: 5 },
];

/** `holdfast ls` */
export async function listSessions(program: Program, { all, json }: CommandArguments): Promise<number> {
  return withSessions(program, async (sessions) => {
    const records = await sessions.list();
    const shown = records.filter(({ archivedAt }) => all || archivedAt === undefined);
    const [report, settings] = await Promise.all([sessions.health(), sessions.supervision()]);
    const health = new Map(report?.sessions.map((one) => [one.id, one]));
    if (json) printJson(shown.map((record) => ({ ...shownRecord(record), health: health.get(record.id) ?? null })));
    else printSessions(shown, { now: new Date(), settings, health });
    const archived = records.length - shown.length;
    if (!json && archived > 0) print(`${countSessions(archived)} archived; “holdfast ls --all” lists them, too.`);
    if (!json && records.length === 0) print(`No sessions in ${sessions.workplace.root}.`);
    return 0;
  });
}

function printSessions(records: readonly SessionRecord[], context: RowContext): void {
  const rows = records.map((record) => sessionRow(record, context));
  if (rows.length > 0) printTable(sessionColumns, rows);
}

interface RowContext {
  now: Date;
  settings: SupervisionSettings;
  health: ReadonlyMap<string, SessionHealth>;
}

/** The status, and beside it what a person should know at once. */
function describeStatus(record: SessionRecord, { now, settings, health }: RowContext): string {
  const { maxAttempts } = effectivePolicy(record.policy, settings.policy);
  const parts = [
    lookOf(record).label,
    isRecovering(record) && !isBeingMadeReady(record) ? describeRetry(record, maxAttempts, now) : undefined,
    ailment(record, health.get(record.id)),
    record.archivedAt === undefined ? undefined : 'archived',
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

function sessionRow(record: SessionRecord, context: RowContext): Cell[] {
  const { now } = context;
  const { name, status, branch, createdAt, lastActivity, ptyPid, command } = record;
  return [
    { text: name, style: 'bold' },
    {
      text: describeStatus(record, context),
      style: statusStyle(status, ailment(record, context.health.get(record.id))),
    },
    { text: branch || '-' },
    { text: age(createdAt, now) },
    { text: age(lastActivity, now) },
    { text: ptyPid === undefined ? '-' : String(ptyPid) },
    { text: describeCommand(command) },
  ];
}
