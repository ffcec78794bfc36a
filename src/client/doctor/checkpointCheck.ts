import { rm } from 'node:fs/promises';
import { type CheckpointReading, readCheckpointFile } from '../../node/checkpointFile.ts';
import { previousVersion } from '../../node/durableFile.ts';
import { quarantine } from '../../node/quarantine.ts';
import type { Diagnosed } from './doctorContext.ts';
import { mayHaveHost, type SessionFolder } from './sessionFolders.ts';

type Damaged = Extract<CheckpointReading, { state: 'damaged' }>;

/** What a session would be brought back from, and the version before it. */
export async function checkCheckpoints(folder: SessionFolder): Promise<Diagnosed[]> {
  const { checkpoint } = folder.places;
  const files = [checkpoint, previousVersion(checkpoint)];
  const readings = await Promise.all(files.map(readCheckpointFile));
  const isAnySound = readings.some(({ state }) => state === 'sound');
  return files.flatMap((file, index) => {
    const reading = readings[index];
    return reading?.state === 'damaged' ? [damaged(folder, file, { ...reading, isAnySound })] : [];
  });
}

function damaged(
  folder: SessionFolder,
  subject: string,
  { reason, isAnySound }: Damaged & { isAnySound: boolean },
): Diagnosed {
  const rest = isAnySound
    ? 'The other version of it is sound, and is used.'
    : 'There is no other that could be used, so that the session would come back without its last screen.';
  const common = { code: 'checkpoint-damaged', severity: 'warning' as const, subject, evidence: [rest] };
  const problem = `A checkpoint of the session cannot be used: ${reason}.`;
  if (mayHaveHost(folder)) {
    const text = 'The session’s host writes the next one in its place as soon as the session does something.';
    return { ...common, problem, repair: { text, isSafe: false } };
  }
  return {
    ...common,
    problem,
    repair: { text: 'Move it to quarantine; the next start of the session writes a new one.', isSafe: true },
    apply: async () => {
      const copy = await quarantine(subject, { reason });
      await rm(subject, { force: true });
      return copy === undefined ? 'It is gone meanwhile.' : `It was moved: ${copy}.`;
    },
  };
}
