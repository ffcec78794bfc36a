import { toErrorShape } from '../base/errors.ts';
import type { SessionResult } from '../client/manySessions.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { errorText } from './failureReport.ts';
import { print, printJson } from './output.ts';
import { shownRecord } from './shownRecord.ts';

export interface ManyWords {
  json: boolean;
  /** What is said of one that was done. */
  done: (record: SessionRecord) => string;
  /** What is said where there was none. */
  none: string;
}

/** Tells what became of each of many sessions; returns the exit code. */
export function reportMany(results: readonly SessionResult[], { json, done, none }: ManyWords): number {
  if (json) printJson(results.map(shownResult));
  else if (results.length === 0) print(none);
  for (const result of json ? [] : results) {
    if (result.state === 'done') print(done(result.record));
    else console.error(`${result.name}: ${errorText(result.error)}`);
  }
  return results.some(({ state }) => state === 'failed') ? 1 : 0;
}

function shownResult(result: SessionResult): unknown {
  const { id, name, state } = result;
  if (result.state === 'failed') return { id, name, state, error: toErrorShape(result.error) };
  return { id, name, state, session: shownRecord(result.record) };
}
