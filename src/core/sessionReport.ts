import type { SessionReport } from '../protocol/helperRpc.ts';
import type { RecordChanges, SessionRecord } from '../protocol/sessionRecord.ts';
import { isRunning } from './sessionRecord.ts';
import { transition } from './statusMachine.ts';

/** More of a message is in the terminal itself; characters. */
const longestMessage = 200;

const words: Record<SessionReport['state'], { alone: string; before: string }> = {
  working: { alone: 'it works', before: 'it works: ' },
  waiting: { alone: 'it waits for you', before: 'it asks: ' },
  done: { alone: 'it is done with what it was asked', before: 'it is done: ' },
};

/**
 * What follows for a session from what its process says of itself; undefined where nothing does. One that is done with
 * its turn waits for the user, too.
 */
export function afterReport(
  record: SessionRecord,
  { state, message = '' }: Pick<SessionReport, 'state' | 'message'>,
  now: Date,
): RecordChanges | undefined {
  if (!isRunning(record)) return undefined;
  const needsUser = state !== 'working';
  const isNew = needsUser !== (record.status === 'waiting');
  const text = oneLine(message);
  const what = text === '' ? words[state].alone : words[state].before + text;
  // What a working session does changes all the time, and each change is written in every window.
  if (!isNew && (!needsUser || what === record.evidence?.what)) return undefined;
  const at = now.toISOString();
  const status = isNew ? transition(record.status, needsUser ? 'asked' : 'worked') : record.status;
  return { status, evidence: { what, by: 'report', at }, lastActivity: at };
}

/** It is shown in rows and tooltips. */
function oneLine(message: string): string {
  const plain = message.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return plain.length > longestMessage ? `${plain.slice(0, longestMessage - 1)}…` : plain;
}
