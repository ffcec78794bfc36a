import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { isLive } from './sessionRecord.ts';

/**
 * The newer of two copies of one record: the higher revision; of two with the same, the tombstone, then the
 * one with the later activity, so that every replica decides alike.
 */
export function newerRecord(a: SessionRecord, b: SessionRecord): SessionRecord {
  if (a.revision !== b.revision) return a.revision > b.revision ? a : b;
  if (isLive(a) !== isLive(b)) return isLive(a) ? b : a;
  return b.lastActivity > a.lastActivity ? b : a;
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
