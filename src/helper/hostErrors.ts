import { HoldfastError } from '../base/errors.ts';
import type { HostFile } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** Of a session that is not started, for that could make it run twice, nor forgotten, for its work may go on. */
export function mayStillRun({ id, name }: SessionRecord, host: HostFile | undefined): HoldfastError {
  return new HoldfastError('SESSION_RUNNING', `The session host of “${name}” lives but does not answer.`, {
    advice: `Nothing was changed, for its process may still be at work. Try again, or end ${processesOf(host)} yourself.`,
    data: { id },
  });
}

/** Of a session that is to end; `isTold` where its host has been told, and does it whenever it goes on. */
export function doesNotEnd(
  { id, name }: SessionRecord,
  host: HostFile | undefined,
  { isTold = false } = {},
): HoldfastError {
  const next = isTold ? 'It is stopped as soon as its host goes on;' : 'Try again,';
  return new HoldfastError('TIMEOUT', `“${name}” does not end. Nothing was lost.`, {
    advice: `${next} or end ${processesOf(host)} yourself.`,
    data: { id },
  });
}

function processesOf(host: HostFile | undefined): string {
  return host ? `its process (pid ${host.ptyPid}) and its host (pid ${host.pid})` : 'its process';
}
