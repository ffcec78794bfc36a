import { describeExit, statusLook } from '../core/presentation.ts';
import { isRecovering } from '../core/sessionRecord.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, withSessions } from './repositorySessions.ts';
import { matchExactly } from './sessionMatch.ts';
import { shownRecord } from './shownRecord.ts';

/** `holdfast retry NAME` */
export async function retrySession(program: Program, { name, json }: CommandArguments): Promise<number> {
  return withSessions(program, async (sessions) => {
    const { helper, record: before } = await sessions.find(name);
    const after = await helper.retryNow(before.id);
    const what = isRecovering(after) ? `${after.name} could not be started` : `Started ${after.name} again`;
    tell(before, after, { json, what: `${what}: ${why(after)}.` });
    return isRecovering(after) ? 1 : 0;
  });
}

/** `holdfast give-up NAME` */
export async function giveUpSession(program: Program, { name, json }: CommandArguments): Promise<number> {
  return withSessions(program, async (sessions) => {
    const { helper, record: before } = await sessions.find(name, matchExactly);
    const after = await helper.giveUp(before.id);
    tell(before, after, { json, what: `${after.name} is left as failed: ${why(after)}.` });
    return 0;
  });
}

/** What was done, where there was something to do. */
function tell(before: SessionRecord, after: SessionRecord, { json, what }: { json: boolean; what: string }): void {
  if (json) printJson(shownRecord(after));
  else
    print(isRecovering(before) ? what : `${after.name} waits for no restart: it is ${statusLook(after.status).label}.`);
}

function why(record: SessionRecord): string {
  return record.evidence?.what ?? describeExit(record) ?? `it is ${statusLook(record.status).label}`;
}
