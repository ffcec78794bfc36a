import { describeCommand } from '../core/launchCommand.ts';
import { age, statusLook } from '../core/presentation.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { paint, print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, withSessions } from './repositorySessions.ts';
import { statusStyle } from './statusStyle.ts';
import { type Cell, formatTable } from './table.ts';

const headings = ['NAME', 'STATUS', 'BRANCH', 'AGE', 'ACTIVITY', 'PID', 'COMMAND'];

/** `holdfast ls` */
export async function listSessions(program: Program, { json }: CommandArguments): Promise<number> {
  const records = await withSessions(program, (sessions) => sessions.list());
  if (json) printJson(records);
  else if (records.length === 0) print('No sessions in this repository.');
  else for (const line of sessionTable(records, new Date())) print(line);
  return 0;
}

function sessionTable(records: readonly SessionRecord[], now: Date): string[] {
  const heading = headings.map((text): Cell => ({ text, style: 'dim' }));
  const rows = records.map((record) => sessionRow(record, now));
  const width = process.stdout.isTTY ? process.stdout.columns : undefined;
  return formatTable([heading, ...rows], { width, paint });
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
