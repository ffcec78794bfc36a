import * as v from 'valibot';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { checksum, isIntact, sealed } from './checksum.ts';
import { parseText } from './jsonText.ts';
import { type DocumentFields, envelopeFormat, formatOf, migrate } from './migrations.ts';

/** Of the records; a reader accepts every minor version. */
export const documentVersion = '1.0';

/** What a registry file holds: a window's replica, a backup, an export. */
export interface RegistryDocument {
  /** Of the repository; absent in the bare form. */
  key?: string;
  /** Counts the saves; 0 where the file does not say. */
  generation: number;
  /** ISO 8601 UTC. */
  savedAt?: string;
  sessions: unknown[];
  /** What a newer version keeps in the file beside the sessions. */
  unknownFields: Record<string, unknown>;
}

/** What came of reading a registry file's text. */
export type OpenedRegistry =
  /** `format` is that of the envelope. */
  | { state: 'sound'; format: number; document: RegistryDocument }
  /** Written by a newer version; `document` is what can be understood of it. */
  | { state: 'newer'; version: string; document: RegistryDocument }
  | DamagedRegistry;

export interface DamagedRegistry {
  state: 'damaged';
  reason: string;
  /** The sessions whose own checksum is right. */
  sound: unknown[];
  /** The others that can be made out at all. */
  doubtful: unknown[];
  /** Whether sessions have checksums of their own. */
  isSummed: boolean;
}

export interface RegistryContent {
  key: string;
  generation: number;
  savedAt: Date;
  records: readonly SessionRecord[];
  unknownFields?: Record<string, unknown>;
}

/** So far below what can be counted exactly that no number of saves leads there; a file that says more says this. */
const maxGeneration = 2 ** 52;

const generationSchema = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0),
  v.transform((generation) => Math.min(generation, maxGeneration)),
);

const envelopeSchema = v.looseObject({
  format: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  version: v.pipe(v.string(), v.regex(/^\d+\.\d+/)),
  key: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/))),
  generation: v.optional(generationSchema, 0),
  savedAt: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  count: v.optional(v.number()),
  sha256: v.optional(v.string()),
  sums: v.optional(v.record(v.string(), v.string())),
  sessions: v.array(v.unknown()),
});

/**
 * The text of a registry file: JSON that a person can read, in an envelope that tells whether every byte of it is as
 * it was written, and if not, which sessions still are.
 */
export function serializeRegistry(content: RegistryContent): string {
  const { key, generation, savedAt, records, unknownFields = {} } = content;
  const document = sealed({
    format: envelopeFormat,
    version: documentVersion,
    key,
    generation,
    savedAt: savedAt.toISOString(),
    count: records.length,
    sha256: '' as const,
    sums: Object.fromEntries(records.map((record) => [record.id, recordSum(record)])),
    sessions: records,
    ...unknownFields,
  });
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Reads every format there ever was, the bare `{"version":"1.0","sessions":[…]}` included; never throws. */
export function openRegistry(text: string): OpenedRegistry {
  const fields = parseJson(text);
  if (fields === undefined) return damaged(text.trim() === '' ? 'it is empty' : 'it is not whole JSON', {});
  const envelope = v.safeParse(envelopeSchema, fields);
  if (!envelope.success) return damaged(describeIssue(envelope.issues[0]), fields);
  if (!hasRightChecksum(fields)) return damaged('its checksum is wrong', fields);
  const { format = 1, version } = envelope.output;
  const isNewer = format > envelopeFormat || Number.parseInt(version, 10) > 1;
  if (isNewer) return { state: 'newer', version: `${version}, format ${format}`, document: toDocument(fields) };
  return { state: 'sound', format, document: toDocument(migrate(fields)) };
}

/** Sixteen hex digits for one record; equal for the same fields in the same order. */
function recordSum(record: unknown): string {
  return checksum(record).slice(0, 16);
}

/**
 * The first format’s checksum is over the sessions alone, and its bare form has none. From the second on it never
 * changes, so that a digit that has flipped does not pass for a newer format.
 */
function hasRightChecksum(fields: DocumentFields): boolean {
  if (isIntact(fields)) return true;
  if (formatOf(fields) > 1 || fields.sums !== undefined) return false;
  return fields.sha256 === undefined || fields.sha256 === checksum(fields.sessions);
}

function toDocument(fields: DocumentFields): RegistryDocument {
  const envelope = v.parse(envelopeSchema, fields);
  const { format: _f, version: _v, count: _c, sha256: _s, sums: _m, ...rest } = envelope;
  const { key, generation, savedAt, sessions, ...unknownFields } = rest;
  return {
    ...(key === undefined ? {} : { key }),
    generation,
    ...(savedAt === undefined ? {} : { savedAt }),
    sessions,
    unknownFields,
  };
}

/** A session's own checksum stands for this session alone, whatever has happened around it. */
function damaged(reason: string, { format, sums, sessions }: DocumentFields): DamagedRegistry {
  const known = (typeof sums === 'object' && sums ? sums : {}) as Record<string, unknown>;
  const all = Array.isArray(sessions) ? sessions : [];
  const isSound = (session: { id?: unknown } | null) => known[String(session?.id)] === recordSum(session);
  return {
    state: 'damaged',
    reason,
    sound: all.filter((session) => isSound(session)),
    doubtful: all.filter((session) => !isSound(session)),
    isSummed: sums !== undefined || format !== undefined,
  };
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const where = v.getDotPath(issue);
  return where ? `its field “${where}” makes no sense` : 'it is no session list';
}

/** The fields of a JSON object; undefined where the text is none. */
function parseJson(text: string): DocumentFields | undefined {
  try {
    const value = parseText(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as DocumentFields) : {};
  } catch {
    return undefined;
  }
}
