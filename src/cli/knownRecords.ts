import { readdir } from 'node:fs/promises';
import { findReplicas } from '../client/windowStorages.ts';
import { mergeRecords } from '../core/mergeRecords.ts';
import { isMissing } from '../node/durableFile.ts';
import { type Machine, type RepositoryPlaces, sessionPlaces } from '../node/places.ts';
import { readRecordFile } from '../node/recordFile.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** How long the helper remembers what was destroyed, and so can tell that a list is behind; milliseconds. */
const helperMemory = 30 * 24 * 3_600_000;

/** What the windows' lists hold, tombstones included: where the helper's own files are lost, it is all there is. */
export async function listedRecords(places: RepositoryPlaces, now = new Date()): Promise<SessionRecord[]> {
  const replicas = await findReplicas(places, undefined);
  const isCurrent = (savedAt = '') => now.getTime() - Date.parse(savedAt) < helperMemory;
  const records = replicas.flatMap((replica) => (isCurrent(replica.savedAt) ? replica.records : []));
  return [...mergeRecords(records).values()];
}

/** What the helper would know if one ran: the records in the sessions' folders and in the windows' lists. */
export async function knownRecords(machine: Machine, places: RepositoryPlaces): Promise<SessionRecord[]> {
  const ids = await sessionFolders(places);
  const readings = await Promise.all(
    ids.map((id) => readRecordFile(sessionPlaces(machine, places.key, id).record, id)),
  );
  const kept = readings.flatMap((reading) => ('record' in reading && reading.record ? [reading.record] : []));
  return [...mergeRecords(kept, await listedRecords(places)).values()];
}

/** Their names are the sessions' ids; destroyed ones are among them. */
export async function sessionFolders({ sessionsFolder }: RepositoryPlaces): Promise<string[]> {
  try {
    return await readdir(sessionsFolder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
