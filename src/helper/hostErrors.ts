import { describeError, type ErrorCode, HoldfastError } from '../base/errors.ts';
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

/**
 * Of a session that the machine could not start, in its own words.
 *
 * @param why a part of a sentence
 */
export function machineStartsNone({ id, name }: SessionRecord, why: string, error: unknown): HoldfastError {
  if (error instanceof HoldfastError && saysWhy.has(error.code)) return error;
  const text = `“${name}” was not started: ${why} (${describeError(rootOf(error))}).`;
  return new HoldfastError('HOST_START_FAILED', text, {
    advice: 'Nothing was lost. Try again once the machine has room for it.',
    data: { id },
    cause: error,
  });
}

const saysWhy: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['DISK_FULL', 'STORAGE_NOT_WRITABLE']);

/** What an error was caused by in the end. */
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? rootOf(error.cause) : error;
}

function processesOf(host: HostFile | undefined): string {
  return host ? `its process (pid ${host.ptyPid}) and its host (pid ${host.pid})` : 'its process';
}
