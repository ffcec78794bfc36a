import { HoldfastError } from '../base/errors.ts';
import { describeExit } from '../core/presentation.ts';
import { isRunning } from '../core/sessionRecord.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, withSessions } from './repositorySessions.ts';
import { matchExactly } from './sessionMatch.ts';
import { shownRecord } from './shownRecord.ts';

/** How long the process may take to end after the hangup; milliseconds. */
const grace = 5_000;

/** `holdfast stop NAME` */
export async function stopSession(program: Program, { name, json }: CommandArguments): Promise<number> {
  return withSessions(program, async (sessions) => {
    const { helper, record: before } = await sessions.find(name, matchExactly);
    const after = await helper.stop(before.id, grace);
    if (isRunning(after)) throw stillRuns(after);
    if (json) printJson(shownRecord(after));
    else print(outcome(before, after));
    return 0;
  });
}

function outcome(before: SessionRecord, after: SessionRecord): string {
  const how = describeExit(after) ?? 'it was never started';
  if (!isRunning(before)) return `${after.name} was not running: ${how}.`;
  return after.exit?.reason === 'stop' ? `Stopped ${after.name}.` : `${after.name} had just ended: ${how}.`;
}

function stillRuns({ id, name, ptyPid }: SessionRecord): HoldfastError {
  return new HoldfastError('TIMEOUT', `“${name}” still runs: its host does not answer.`, {
    advice: `Try again, or end its process${ptyPid === undefined ? '' : ` (pid ${ptyPid})`} yourself.`,
    data: { id },
  });
}
