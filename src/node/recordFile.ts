import path from 'node:path';
import { HoldfastError, systemErrorCode } from '../base/errors.ts';
import { openRecord } from '../core/recordDocument.ts';
import { repairRecord } from '../core/recordRepair.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { isMissing, previousVersion } from './durableFile.ts';
import { readRegularFile } from './regularFile.ts';

/** What came of reading a session's record file and, where that is damaged, its previous version. */
export type RecordReading =
  | { state: 'missing' }
  /** `requests` are ids of the last changes that clients asked for. */
  | { state: 'sound'; record: SessionRecord; requests: string[] }
  /**
   * `record` is the previous version's, or was repaired; absent where nothing could be read. Where `mayBeWhole`, the
   * system did not give the file's content, and may do so the next time.
   */
  | { state: 'damaged'; reason: string; record?: SessionRecord; mayBeWhole?: true }
  /** `record` is absent where this version does not understand it. */
  | { state: 'newer'; version: string; record?: SessionRecord };

/** Never throws: what is wrong with the file is part of the answer. */
export async function readRecordFile(file: string, id: string): Promise<RecordReading> {
  const current = await readOne(file, id);
  if (current.state === 'sound' || current.state === 'newer' || 'record' in current) return current;
  const previous = await readOne(previousVersion(file), id);
  if (!('record' in previous && previous.record)) return current;
  const { record } = previous;
  return current.state === 'missing' ? { state: 'damaged', reason: 'it is gone', record } : { ...current, record };
}

async function readOne(file: string, id: string): Promise<RecordReading> {
  let text: string;
  try {
    text = (await readRegularFile(file)).toString('utf8');
  } catch (error) {
    if (isMissing(error)) return { state: 'missing' };
    const reason = `it cannot be read (${systemErrorCode(error) ?? error})`;
    return { state: 'damaged', reason, ...(error instanceof HoldfastError ? {} : { mayBeWhole: true }) };
  }
  return readRecordText(text, id);
}

/** What came of reading the text of a record file, or of a copy of it. */
export function readRecordText(text: string, id: string): RecordReading {
  const opened = openRecord(text);
  if (opened.state === 'damaged') return opened;
  const { session } = opened;
  // No root is known here, so that a relative path stays a problem.
  const result = repairRecord(session, {
    root: '',
    resolve: (_, relative) => path.normalize(relative),
    savedAt: new Date(),
  });
  if (opened.state === 'newer') {
    const { version } = opened;
    return 'problem' in result ? { state: 'newer', version } : { state: 'newer', version, record: result.record };
  }
  if ('problem' in result) return { state: 'damaged', reason: result.problem };
  const { record, repairs } = result;
  if (record.id !== id) return { state: 'damaged', reason: `it is that of session ${record.id}` };
  return repairs.length === 0
    ? { state: 'sound', record, requests: opened.requests }
    : { state: 'damaged', reason: repairs.join(', '), record };
}
