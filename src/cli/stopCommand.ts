import { stopAll } from '../client/manySessions.ts';
import { stopGrace } from '../client/sessionLife.ts';
import { describeOutcome } from '../core/explain.ts';
import { isGoingOn, wasStarted } from '../core/sessionRecord.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { reportMany } from './manyResults.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, type RepositorySessions, withSessions } from './repositorySessions.ts';
import { matchExactly } from './sessionMatch.ts';
import { shownRecord } from './shownRecord.ts';

/** `holdfast stop NAME`, `holdfast stop --all` */
export async function stopSession(program: Program, { name, all, json }: CommandArguments): Promise<number> {
  return withSessions(program, async (sessions) => {
    if (all) return stopEach(sessions, json);
    const { helper, record: before } = await sessions.find(name, matchExactly);
    const after = await helper.stop(before.id, stopGrace);
    if (json) printJson(shownRecord(after));
    else print(outcome(before, after));
    return 0;
  });
}

async function stopEach(sessions: RepositorySessions, json: boolean): Promise<number> {
  const { helper } = sessions;
  const before = new Map((await sessions.list()).filter(isGoingOn).map((record) => [record.id, record]));
  const results = helper ? await stopAll([...before.values()], ({ id }) => helper.stop(id, stopGrace)) : [];
  const done = (after: SessionRecord) => outcome(before.get(after.id) ?? after, after);
  return reportMany(results, { json, done, none: 'No session was running.' });
}

export function outcome(before: SessionRecord, after: SessionRecord): string {
  const how = wasStarted(after) ? `it ${describeOutcome(after)}` : 'it was never started';
  if (!isGoingOn(before)) return `${after.name} was not running: ${how}.`;
  return after.exit?.reason === 'stop' ? `Stopped ${after.name}.` : `${after.name} had just ended: ${how}.`;
}
