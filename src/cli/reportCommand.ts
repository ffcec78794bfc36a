import { HoldfastError } from '../base/errors.ts';
import { describeEvidence } from '../core/explain.ts';
import { isRunning } from '../core/sessionRecord.ts';
import { reportStates } from '../protocol/helperRpc.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, withSessions } from './repositorySessions.ts';
import { matchExactly } from './sessionMatch.ts';
import { shownRecord } from './shownRecord.ts';
import { UsageError } from './usageError.ts';

/** `holdfast report STATE [NAME]` */
export async function reportState(program: Program, { operands, message, json }: CommandArguments): Promise<number> {
  const [word, name = process.env.HOLDFAST_SESSION_ID] = operands;
  const state = reportStates.find((known) => known === word);
  if (!state) throw new UsageError(`“${word}” is none of ${reportStates.join(', ')}.`, 'report');
  if (!name) throw new UsageError('Which session? This shell is in none, so its name is needed.', 'report');
  return withSessions(program, async (sessions) => {
    const { helper, record } = await sessions.find(name, matchExactly);
    const after = await helper.report({ id: record.id, state, ...(message === undefined ? {} : { message }) });
    if (!isRunning(after)) throw notRunning(after);
    if (json) printJson(shownRecord(after));
    else print(describeStatus(after));
    return 0;
  });
}

function describeStatus({ name, status, evidence }: SessionRecord): string {
  const state = `${name} ${status === 'waiting' ? 'is waiting for you' : 'is running'}`;
  return evidence ? `${state}: ${describeEvidence(evidence, new Date())}.` : `${state}.`;
}

function notRunning({ id, name }: SessionRecord): HoldfastError {
  return new HoldfastError('SESSION_NOT_RUNNING', `“${name}” does not run, so that nothing was noted.`, {
    data: { id },
  });
}
