import { stat } from 'node:fs/promises';
import path from 'node:path';
import { describeError, HoldfastError, systemErrorCode } from '../../base/errors.ts';
import { isMissing } from '../../node/durableFile.ts';
import { readRegularFile } from '../../node/regularFile.ts';
import { type FileKind, recognize } from './fileKinds.ts';
import { validateJournal } from './validateJournal.ts';
import { validateSessions } from './validateSessions.ts';
import {
  validateCheckpoint,
  validateDestroyed,
  validateRecord,
  validateTag,
  validateWithSchema,
} from './validateSingle.ts';

/** What is wrong in a file, and where. */
export interface FileProblem {
  /** A field, a session or a line; empty for the file as a whole. */
  where: string;
  problem: string;
}

/** What came of looking at the content of a file. */
export interface Validation {
  /** Of the envelope; absent where the file has none. */
  format?: number;
  /** Absent where this kind of file has no checksum. */
  checksum?: 'right' | 'wrong' | 'none';
  /** How many of what are in it. */
  counts: Record<string, number>;
  problems: FileProblem[];
}

export interface ValidatedFile extends Validation {
  file: string;
  kind: FileKind;
}

/**
 * Looks at one file that Holdfast writes, whatever its name; reads only.
 *
 * @throws {HoldfastError} `INVALID_ARGUMENT` or `UNSAFE_FILE` where it cannot be read
 */
export async function validateFile(file: string): Promise<ValidatedFile> {
  const { bytes, savedAt } = await readBytes(file);
  const text = bytes.toString('utf8');
  const { kind, fields, syntaxError } = recognize(path.resolve(file), text);
  return { file, kind, ...validate(kind, { file, bytes, text, savedAt, fields, syntaxError }) };
}

interface FileContent {
  file: string;
  bytes: Buffer;
  text: string;
  savedAt: Date;
  fields: Record<string, unknown> | undefined;
  syntaxError: string | undefined;
}

function validate(kind: FileKind, { file, bytes, text, savedAt, fields, syntaxError }: FileContent): Validation {
  if (kind === 'journal') return validateJournal(bytes);
  if (kind === 'unknown') return notRecognized(syntaxError);
  if (syntaxError !== undefined) return { counts: {}, problems: [{ where: '', problem: syntaxError }] };
  switch (kind) {
    case 'sessionList':
    case 'backup':
    case 'export':
      return validateSessions(text, savedAt);
    case 'record':
    case 'saved':
      return validateRecord(kind, text, path.parse(file).name);
    case 'host':
    case 'launch':
      return validateWithSchema(kind, fields);
    case 'checkpoint':
      return validateCheckpoint(text);
    case 'tag':
      return validateTag(text);
    case 'destroyed':
      return validateDestroyed(text);
  }
}

/** Holdfast writes others, too, such as locks. */
function notRecognized(syntaxError: string | undefined): Validation {
  const problem = 'This is not one of the files that can be checked, or nothing of it can be made out';
  return { counts: {}, problems: [{ where: '', problem: syntaxError ? `${problem}: ${syntaxError}` : problem }] };
}

async function readBytes(file: string): Promise<{ bytes: Buffer; savedAt: Date }> {
  try {
    const bytes = await readRegularFile(file);
    return { bytes, savedAt: (await stat(file)).mtime };
  } catch (error) {
    // What the user names need not be Holdfast's, so that the usual advice for such a file would mislead.
    if (error instanceof HoldfastError) {
      const { code, message, data } = error;
      throw new HoldfastError(code, message, { advice: 'Name a file that Holdfast writes.', data, cause: error });
    }
    const reason = isMissing(error) ? 'there is no such file' : (systemErrorCode(error) ?? describeError(error));
    throw new HoldfastError('INVALID_ARGUMENT', `${file} cannot be read: ${reason}.`, {
      advice: 'Check its path and permissions.',
      data: { file },
      cause: error,
    });
  }
}
