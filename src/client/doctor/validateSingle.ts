import * as v from 'valibot';
import { openCheckpoint } from '../../core/checkpointDocument.ts';
import { isIntact } from '../../core/checksum.ts';
import { openNotes } from '../../core/destroyedNotes.ts';
import { parseText } from '../../core/jsonText.ts';
import { formatOf } from '../../core/migrations.ts';
import { openRecord } from '../../core/recordDocument.ts';
import { isSavedId, openSaved } from '../../core/savedSession.ts';
import { openTag } from '../../core/worktreeTag.ts';
import type { Checkpoint } from '../../protocol/checkpoint.ts';
import { hostFileSchema, launchSpecSchema } from '../../protocol/hostMessages.ts';
import { sessionRecordSchema } from '../../protocol/sessionRecord.ts';
import type { FileProblem, Validation } from './validateFile.ts';

/** A session's record, or a saved session, which is a record with more around it. `name` is that of the file. */
export function validateRecord(kind: 'record' | 'saved', text: string, name: string): Validation {
  const fields = parseText(text) as Record<string, unknown>;
  const opened = openRecord(text);
  const checksum = fields.sha256 === undefined ? 'none' : isIntact(fields) ? 'right' : 'wrong';
  const found = { format: formatOf(fields), checksum, counts: { sessions: 1 } } as const;
  if (opened.state === 'damaged') return { ...found, problems: [{ where: '', problem: opened.reason }] };
  const newer =
    opened.state === 'newer'
      ? [{ where: '', problem: `a newer version of Holdfast wrote it (${opened.version})` }]
      : [];
  const around = kind === 'saved' && opened.state === 'sound' ? savedProblems(text, fields, name) : [];
  return {
    ...found,
    problems: [...newer, ...around, ...schemaProblems(sessionRecordSchema, opened.session, 'session')],
  };
}

/** Its id is that of its file, where that has one. */
function savedProblems(text: string, fields: Record<string, unknown>, name: string): FileProblem[] {
  const id = name.split('.')[0] ?? '';
  const opened = openSaved(text, isSavedId(id) ? id : String(fields.id));
  return opened.state === 'sound' ? [] : [{ where: '', problem: opened.problem }];
}

/** A session's checkpoint, with the copy of the record in it. */
export function validateCheckpoint(text: string): Validation {
  const fields = JSON.parse(text) as Record<string, unknown>;
  const checksum = fields.sha256 === undefined ? 'none' : isIntact(fields) ? 'right' : 'wrong';
  const opened = openCheckpoint(text);
  const found = { format: formatOf(fields), checksum, counts: {} } as const;
  switch (opened.state) {
    case 'sound':
      return { ...found, problems: copyProblems(opened.checkpoint) };
    case 'newer':
      return {
        ...found,
        problems: [{ where: '', problem: `a newer version of Holdfast wrote it (${opened.version})` }],
      };
    case 'damaged':
      return { ...found, problems: [{ where: '', problem: opened.reason }] };
  }
}

function copyProblems({ record }: Checkpoint): FileProblem[] {
  if (record === undefined) return [];
  const opened = openRecord(JSON.stringify(record));
  return opened.state === 'damaged' ? [{ where: 'record', problem: opened.reason }] : [];
}

/** A worktree's tag. */
export function validateTag(text: string): Validation {
  const fields = parseText(text) as Record<string, unknown>;
  const checksum = fields.sha256 === undefined ? 'none' : isIntact(fields) ? 'right' : 'wrong';
  const opened = openTag(text);
  return { checksum, counts: {}, problems: 'problem' in opened ? [{ where: '', problem: opened.problem }] : [] };
}

/** The notes about destroyed sessions. */
export function validateDestroyed(text: string): Validation {
  const fields = JSON.parse(text) as Record<string, unknown>;
  const checksum = fields.sha256 === undefined ? 'none' : isIntact(fields) ? 'right' : 'wrong';
  const opened = openNotes(text);
  if (opened.state === 'sound') return { checksum, counts: { destroyed: opened.notes.forgotten.size }, problems: [] };
  const problem = opened.state === 'newer' ? 'a newer version of Holdfast wrote it' : 'it is not as it was written';
  return { checksum, counts: {}, problems: [{ where: '', problem }] };
}

const schemas = { host: hostFileSchema, launch: launchSpecSchema };

export function validateWithSchema(kind: keyof typeof schemas, value: unknown): Validation {
  return { counts: {}, problems: schemaProblems(schemas[kind], value) };
}

function schemaProblems(schema: v.GenericSchema, value: unknown, prefix?: string): FileProblem[] {
  const result = v.safeParse(schema, value);
  if (result.success) return [];
  return result.issues.map((issue) => {
    const where = [prefix, v.getDotPath(issue)].filter(Boolean).join('.');
    return { where, problem: issue.message };
  });
}
