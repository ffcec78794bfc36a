import * as v from 'valibot';
import { sessionRecordSchema, timestamp } from '../protocol/sessionRecord.ts';
import { isIntact, sealed } from './checksum.ts';

/** What is known for ever of a destroyed session whose tombstone is gone. */
export interface ForgottenSession {
  /** Of the tombstone. */
  revision: number;
  /** ISO 8601 UTC. */
  deletedAt: string;
}

/** What the helper of a repository notes about destroyed sessions, by their ids. */
export interface DestroyedNotes {
  /** Days of the year (UTC) on which it has seen their tombstones, as no single look at a clock is to be trusted. */
  seen: ReadonlyMap<string, readonly string[]>;
  forgotten: ReadonlyMap<string, ForgottenSession>;
}

export const noNotes: DestroyedNotes = { seen: new Map(), forgotten: new Map() };

const format = 1;

const { id } = sessionRecordSchema.entries;
const notesSchema = v.object({
  seen: v.record(id, v.array(v.string())),
  forgotten: v.record(id, v.object({ revision: v.pipe(v.number(), v.integer()), deletedAt: timestamp })),
});

export type OpenedNotes = { state: 'sound'; notes: DestroyedNotes } | { state: 'newer' | 'damaged' };

export function serializeNotes({ seen, forgotten }: DestroyedNotes): string {
  const head = { format, sha256: '' as const };
  const content = { seen: Object.fromEntries(seen), forgotten: Object.fromEntries(forgotten) };
  return `${JSON.stringify(sealed({ ...head, ...content }), undefined, 2)}\n`;
}

/** Never throws. */
export function openNotes(text: string): OpenedNotes {
  const fields = parseFields(text);
  if (!fields || !isIntact(fields)) return { state: 'damaged' };
  if (Number(fields.format) > format) return { state: 'newer' };
  const content = v.safeParse(notesSchema, fields);
  if (!content.success) return { state: 'damaged' };
  const { seen, forgotten } = content.output;
  return {
    state: 'sound',
    notes: { seen: new Map(Object.entries(seen)), forgotten: new Map(Object.entries(forgotten)) },
  };
}

/**
 * The notes with the day of `now` for each of the tombstones, and for no others.
 *
 * @param maxDays how many days are told apart; more make no difference
 */
export function withDay(notes: DestroyedNotes, ids: readonly string[], now: Date, maxDays: number): DestroyedNotes {
  const day = now.toISOString().slice(0, 10);
  const seen = new Map<string, readonly string[]>();
  for (const each of ids) {
    const days = notes.seen.get(each) ?? [];
    seen.set(each, days.includes(day) || days.length >= maxDays ? days : [...days, day]);
  }
  return { ...notes, seen };
}

function parseFields(text: string): Record<string, unknown> | undefined {
  try {
    const fields: unknown = JSON.parse(text);
    return typeof fields === 'object' && fields !== null ? (fields as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
