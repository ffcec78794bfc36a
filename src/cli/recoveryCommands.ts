import { statusPhrase } from '../core/explain.ts';
import { describeExit } from '../core/presentation.ts';
import { isRecovering, isRunning } from '../core/sessionRecord.ts';
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
    return tell(after, retryOutcome(before, after), json);
  });
}

/** `holdfast give-up NAME` */
export async function giveUpSession(program: Program, { name, json }: CommandArguments): Promise<number> {
  return withSessions(program, async (sessions) => {
    const { helper, record: before } = await sessions.find(name, matchExactly);
    const after = await helper.giveUp(before.id);
    return tell(after, giveUpOutcome(before, after), json);
  });
}

/** What a command has done to a session, for a person; `isDone` is false where it came too late. */
export interface Outcome {
  text: string;
  isDone: boolean;
}

/** Between the look at a session and the command to it somebody else may have given up, or its time may have come. */
export function retryOutcome(before: SessionRecord, after: SessionRecord): Outcome {
  if (!isRecovering(before)) return waitsForNothing(after);
  const isStarted = isRunning(after) || after.startedAt !== before.startedAt;
  return isStarted ? { text: `Started ${after.name} again: ${why(after)}.`, isDone: true } : tooLate(after);
}

export function giveUpOutcome(before: SessionRecord, after: SessionRecord): Outcome {
  if (!isRecovering(before)) return waitsForNothing(after);
  const isLeft = after.status === 'failed';
  return isLeft ? { text: `${after.name} is left as failed: ${why(after)}.`, isDone: true } : tooLate(after);
}

function waitsForNothing({ name, status }: SessionRecord): Outcome {
  return { text: `${name} waits for no restart: it ${statusPhrase(status)}.`, isDone: true };
}

function tooLate(record: SessionRecord): Outcome {
  return { text: `${record.name} waits for no restart any more: ${why(record)}.`, isDone: false };
}

function tell(after: SessionRecord, { text, isDone }: Outcome, json: boolean): number {
  if (json) printJson(shownRecord(after));
  else print(text);
  return isDone ? 0 : 1;
}

function why(record: SessionRecord): string {
  return record.evidence?.what ?? describeExit(record) ?? `it ${statusPhrase(record.status)}`;
}
