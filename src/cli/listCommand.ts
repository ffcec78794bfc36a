import { describeCommand } from '../core/launchCommand.ts';
import { age, statusLook } from '../core/presentation.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { type Column, printTable } from './columnTable.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, withSessions } from './repositorySessions.ts';
import { shownRecord } from './shownRecord.ts';
import { statusStyle } from './statusStyle.ts';
import type { Cell } from './table.ts';

const columns: readonly Column[] = [
  { heading: 'NAME', least: 10 },
  { heading: 'STATUS' },
  { heading: 'BRANCH', least: 10, leftOut: 4 },
  { heading: 'AGE', leftOut: 3 },
  { heading: 'ACTIVITY', leftOut: 2 },
  { heading: 'PID', leftOut: 1 },
  { heading: 'COMMAND', least: 8, leftOut: 5 },
];

/** `holdfast ls` */
export async function listSessions(program: Program, { json }: CommandArguments): Promise<number> {
  const { records, workplace } = await withSessions(program, async (sessions) => {
    return { records: await sessions.list(), workplace: sessions.workplace };
  });
  if (json) printJson(records.map(shownRecord));
  else if (records.length === 0) print(`No sessions in ${workplace.root}.`);
  else printSessions(records, new Date());
  return 0;
}

function printSessions(records: readonly SessionRecord[], now: Date): void {
  printTable(
    columns,
    records.map((record) => sessionRow(record, now)),
  );
}

function sessionRow(record: SessionRecord, now: Date): Cell[] {
  const { name, status, branch, createdAt, lastActivity, ptyPid, command } = record;
  return [
    { text: name, style: 'bold' },
    { text: statusLook(status).label, style: statusStyle(status) },
    { text: branch || '-' },
    { text: age(createdAt, now) },
    { text: age(lastActivity, now) },
    { text: ptyPid === undefined ? '-' : String(ptyPid) },
    { text: describeCommand(command) },
  ];
}
