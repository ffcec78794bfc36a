import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { isLive } from './sessionRecord.ts';

/**
 * The newer of two copies of one record: the higher revision; of two with the same, the tombstone, then the
 * one with the later activity, then the one whose content sorts last, so that every replica decides alike.
 */
export function newerRecord(a: SessionRecord, b: SessionRecord): SessionRecord {
  if (a.revision !== b.revision) return a.revision > b.revision ? a : b;
  if (isLive(a) !== isLive(b)) return isLive(a) ? b : a;
  if (a.lastActivity !== b.lastActivity) return a.lastActivity > b.lastActivity ? a : b;
  return contentOf(b) > contentOf(a) ? b : a;
}

/** Equal for equal records, in whatever order their fields, and those of the objects in them, were written. */
function contentOf(record: SessionRecord): string {
  return JSON.stringify(record, (_key, value) => (isObject(value) ? sorted(value) : value));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Merges any number of replicas record by record. */
export function mergeRecords(...replicas: Iterable<SessionRecord>[]): Map<string, SessionRecord> {
  const merged = new Map<string, SessionRecord>();
  for (const replica of replicas) {
    for (const record of replica) {
      const known = merged.get(record.id);
      merged.set(record.id, known ? newerRecord(known, record) : record);
    }
  }
  return merged;
}
