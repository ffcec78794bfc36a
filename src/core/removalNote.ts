import * as v from 'valibot';
import { sessionRecordSchema, timestamp } from '../protocol/sessionRecord.ts';
import { isIntact, sealed } from './checksum.ts';
import { parseText } from './jsonText.ts';
import { commitSchema } from './savedSession.ts';

/**
 * What becomes of a destroyed session's worktree: `auto` removes it where nothing is lost, `archive` in any case, and
 * `remove` leaves the ignored files out of the archive.
 */
export const removalChoices = ['auto', 'archive', 'remove'] as const;
export type RemovalChoice = (typeof removalChoices)[number];

const schema = v.looseObject({
  version: v.pipe(v.string(), v.regex(/^1\.\d+/)),
  choice: v.picklist(removalChoices),
  /** The session as it was, without its environment. */
  session: sessionRecordSchema,
  /** The repository's main checkout. */
  root: v.string(),
  askedAt: timestamp,
  /** The archive that was written before the removal began. */
  archive: v.optional(commitSchema),
  /** What tells the worktree's folder from a later one of its name. */
  folder: v.optional(v.string()),
  /** How often it was tried in vain, when last, and why that failed. */
  attempts: v.optional(v.number(), 0),
  triedAt: v.optional(timestamp),
  reason: v.optional(v.string()),
});

/** A worktree that is being removed; whoever finds the note goes on with it. */
export type RemovalNote = v.InferOutput<typeof schema>;

export function serializeRemoval(note: RemovalNote): string {
  return `${JSON.stringify(sealed({ ...note, sha256: '' }), undefined, 2)}\n`;
}

/** Undefined for what is no note, or is damaged: what it would remove then stays. */
export function openRemoval(text: string): RemovalNote | undefined {
  try {
    const fields = parseText(text) as Record<string, unknown>;
    const { sha256: _, ...rest } = fields;
    const note = v.safeParse(schema, rest);
    return note.success && isIntact(fields) ? note.output : undefined;
  } catch {
    return undefined;
  }
}

const firstPause = 5 * 60_000;
const maxPause = 24 * 3_600_000;

/** Whether a removal is to be tried again: the more often it failed, the later. */
export function isDue({ attempts, triedAt }: RemovalNote, now: Date): boolean {
  if (triedAt === undefined) return true;
  const since = now.getTime() - Date.parse(triedAt);
  // A clock that was set back must not hold it up for years.
  return since < 0 || since >= Math.min(maxPause, firstPause * 2 ** attempts);
}
