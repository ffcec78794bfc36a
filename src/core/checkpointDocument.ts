import * as v from 'valibot';
import { type Checkpoint, checkpointSchema } from '../protocol/checkpoint.ts';
import { isIntact, sealed } from './checksum.ts';

/** The format that is written. */
const checkpointFormat = 1;

/** What came of reading the text of a checkpoint. */
export type OpenedCheckpoint =
  | { state: 'sound'; checkpoint: Checkpoint }
  | { state: 'newer'; version: string }
  | { state: 'damaged'; reason: string };

/** The text of a checkpoint file, which tells whether it is as it was written. */
export function serializeCheckpoint(checkpoint: Checkpoint): string {
  const document = sealed({ format: checkpointFormat, sha256: '' as const, ...checkpoint });
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Never throws: what is wrong is part of the answer. */
export function openCheckpoint(text: string): OpenedCheckpoint {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return { state: 'damaged', reason: text.trim() === '' ? 'it is empty' : 'it is not whole JSON' };
  }
  const envelope = v.safeParse(v.object({ format: v.number(), sha256: v.string() }), fields);
  if (!envelope.success) return { state: 'damaged', reason: 'it is no checkpoint' };
  if (!isIntact(fields as Record<string, unknown>)) return { state: 'damaged', reason: 'its checksum is wrong' };
  if (envelope.output.format > checkpointFormat) return { state: 'newer', version: `format ${envelope.output.format}` };
  const checkpoint = v.safeParse(checkpointSchema, fields);
  if (checkpoint.success) return { state: 'sound', checkpoint: checkpoint.output };
  const [issue] = checkpoint.issues;
  return { state: 'damaged', reason: `${v.getDotPath(issue) ?? 'it'}: ${issue.message}` };
}
