import { describeError, systemErrorCode } from '../base/errors.ts';
import { type OpenedCheckpoint, openCheckpoint } from '../core/checkpointDocument.ts';
import type { Checkpoint } from '../protocol/checkpoint.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { isMissing, previousVersion } from './durableFile.ts';
import type { SessionPlaces } from './places.ts';
import { readRecordText } from './recordFile.ts';
import { readRegularFile } from './regularFile.ts';

export type CheckpointReading = OpenedCheckpoint | { state: 'missing' };

/** One checkpoint file as it is. Never throws. */
export async function readCheckpointFile(file: string): Promise<CheckpointReading> {
  try {
    return openCheckpoint((await readRegularFile(file)).toString('utf8'));
  } catch (error) {
    if (isMissing(error)) return { state: 'missing' };
    return { state: 'damaged', reason: `it cannot be read (${systemErrorCode(error) ?? describeError(error)})` };
  }
}

/** A session's checkpoint and the one before it, as far as they are whole. Never throws. */
export async function readCheckpoints({ checkpoint }: Pick<SessionPlaces, 'checkpoint'>): Promise<Checkpoint[]> {
  const readings = await Promise.all([checkpoint, previousVersion(checkpoint)].map(readCheckpointFile));
  return readings.flatMap((reading) => (reading.state === 'sound' ? [reading.checkpoint] : []));
}

/** The session's record as its host last saw it; undefined where no checkpoint has one. Never throws. */
export async function readRecordCopy(places: SessionPlaces, id: string): Promise<SessionRecord | undefined> {
  for (const { record } of await readCheckpoints(places)) {
    const reading = readRecordText(JSON.stringify(record ?? null), id);
    if ('record' in reading && reading.record) return reading.record;
  }
  return undefined;
}
