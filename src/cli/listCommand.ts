import { changesMark, type ShownWork, workIn } from '../core/changesPresentation.ts';
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
  { heading: 'CHANGES', leftOut: 6 },
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
    const [report, changes, settings] = await Promise.all([
      sessions.health(),
      sessions.changes(),
      sessions.supervision(),
    ]);
    const health = new Map(report?.sessions.map((one) => [one.id, one]));
    const work = new Map(shown.map(({ id }) => [id, workIn(changes, id)]));
    if (json) printJson(shown.map((record) => withWork(record, { health, work })));
    else printSessions(shown, { now: new Date(), settings, health, work });
    const archived = records.length - shown.length;
    if (!json && archived > 0) print(`${countSessions(archived)} archived; “holdfast ls --all” lists them, too.`);
    if (!json && records.length === 0) print(`No sessions in ${sessions.workplace.root}.`);
    return 0;
  });
}

function withWork(record: SessionRecord, { health, work }: Pick<RowContext, 'health' | 'work'>) {
  const { changes = null, overlaps = [] } = work.get(record.id) ?? {};
  return { ...shownRecord(record), health: health.get(record.id) ?? null, changes, overlaps };
}

function printSessions(records: readonly SessionRecord[], context: RowContext): void {
  const rows = records.map((record) => sessionRow(record, context));
  if (rows.length > 0) printTable(sessionColumns, rows);
}

interface RowContext {
  now: Date;
  settings: SupervisionSettings;
  health: ReadonlyMap<string, SessionHealth>;
  work: ReadonlyMap<string, ShownWork>;
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

/** “?” where it is not known, “-” where there is nothing to tell, or no worktree. */
function describeWork({ id, branch }: SessionRecord, { work }: RowContext): string {
  const shown = work.get(id);
  if (branch && shown?.changes === undefined) return '?';
  return (shown && changesMark(shown)) || '-';
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
    { text: describeWork(record, context) },
    { text: age(createdAt, now) },
    { text: age(lastActivity, now) },
    { text: ptyPid === undefined ? '-' : String(ptyPid) },
    { text: describeCommand(command) },
  ];
}
