import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { isIntact, sealed } from './checksum.ts';
import { parseText } from './jsonText.ts';
import { envelopeFormat } from './migrations.ts';
import { documentVersion } from './registryDocument.ts';

/** What came of reading the text of one session's record file; `session` is yet to be validated. */
export type OpenedRecord =
  /** `requests` are ids of the last changes that clients asked for. */
  | { state: 'sound'; session: unknown; requests: string[] }
  | { state: 'newer'; version: string; session: unknown }
  | { state: 'damaged'; reason: string };

/** The text of a record file, which tells whether it is as it was written. */
export function serializeRecord(session: SessionRecord, requests: readonly string[] = []): string {
  const head = { format: envelopeFormat, version: documentVersion, sha256: '' as const };
  const document = sealed({ ...head, ...(requests.length > 0 ? { requests } : {}), session });
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Reads the checksummed form and the bare record that the first builds wrote; never throws. */
export function openRecord(text: string): OpenedRecord {
  let fields: unknown;
  try {
    fields = parseText(text);
  } catch {
    return { state: 'damaged', reason: text.trim() === '' ? 'it is empty' : 'it is not whole JSON' };
  }
  if (!isObject(fields)) return { state: 'damaged', reason: 'it is no record' };
  if (fields.session === undefined && typeof fields.id === 'string' && fields.sha256 === undefined) {
    return { state: 'sound', session: fields, requests: [] };
  }
  if (!isIntact(fields)) return { state: 'damaged', reason: 'its checksum is wrong' };
  const { format, version, session } = fields;
  const isNewer = Number(format) > envelopeFormat || Number.parseInt(String(version), 10) > 1;
  if (isNewer) return { state: 'newer', version: `${version}, format ${format}`, session };
  const requests = Array.isArray(fields.requests) ? fields.requests.filter((id) => typeof id === 'string') : [];
  return { state: 'sound', session, requests };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
