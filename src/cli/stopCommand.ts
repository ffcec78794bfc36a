import { HoldfastError } from '../base/errors.ts';
import type { HelperClient } from '../client/helperClient.ts';
import { stopAll } from '../client/manySessions.ts';
import { stopGrace } from '../client/sessionLife.ts';
import { describeExit } from '../core/presentation.ts';
import { isGoingOn } from '../core/sessionRecord.ts';
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
    const after = await stop(helper, before);
    if (json) printJson(shownRecord(after));
    else print(outcome(before, after));
    return 0;
  });
}

async function stopEach(sessions: RepositorySessions, json: boolean): Promise<number> {
  const { helper } = sessions;
  const before = new Map((await sessions.list()).filter(isGoingOn).map((record) => [record.id, record]));
  const results = helper ? await stopAll([...before.values()], (record) => stop(helper, record)) : [];
  const done = (after: SessionRecord) => outcome(before.get(after.id) ?? after, after);
  return reportMany(results, { json, done, none: 'No session was running.' });
}

async function stop(helper: HelperClient, { id }: SessionRecord): Promise<SessionRecord> {
  const after = await helper.stop(id, stopGrace);
  if (isGoingOn(after)) throw stillRuns(after);
  return after;
}

function outcome(before: SessionRecord, after: SessionRecord): string {
  const how = describeExit(after) ?? 'it was never started';
  if (!isGoingOn(before)) return `${after.name} was not running: ${how}.`;
  return after.exit?.reason === 'stop' ? `Stopped ${after.name}.` : `${after.name} had just ended: ${how}.`;
}

function stillRuns({ id, name, ptyPid }: SessionRecord): HoldfastError {
  return new HoldfastError('TIMEOUT', `“${name}” still runs: its host does not answer.`, {
    advice: `Try again, or end its process${ptyPid === undefined ? '' : ` (pid ${ptyPid})`} yourself.`,
    data: { id },
  });
}
