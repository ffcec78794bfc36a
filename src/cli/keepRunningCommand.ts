import { HoldfastError } from '../base/errors.ts';
import { describeOutcome } from '../core/explain.ts';
import { isRunning } from '../core/sessionRecord.ts';
import { keptNotice } from '../core/supervisionNotices.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, withSessions } from './repositorySessions.ts';
import { shownRecord } from './shownRecord.ts';

/** `holdfast keep-running NAME` */
export async function keepRunning(program: Program, { name, json }: CommandArguments): Promise<number> {
  return withSessions(program, async (sessions) => {
    const { helper, record } = await sessions.find(name);
    if (!isRunning(record)) throw notRunning(record);
    const kept = await helper.keepRunning(record.id);
    if (json) printJson({ ...shownRecord(record), ...kept });
    else print(keptNotice(record.name, kept, new Date()));
    return 0;
  });
}

function notRunning(record: SessionRecord): HoldfastError {
  const text = `“${record.name}” does not run: it ${describeOutcome(record)}.`;
  return new HoldfastError('SESSION_NOT_RUNNING', text, { data: { id: record.id } });
}
