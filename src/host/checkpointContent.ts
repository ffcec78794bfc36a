import type { Checkpoint } from '../protocol/checkpoint.ts';
import type { HostFile, LaunchSpec } from '../protocol/hostMessages.ts';
import type { RecordCopy } from './recordCopy.ts';
import type { SessionHost } from './sessionHost.ts';
import type { Transcript } from './transcript.ts';

export interface CheckpointParts {
  /** What the host says of itself. */
  file: HostFile;
  launch: LaunchSpec;
  record: RecordCopy;
  host: SessionHost;
  transcript: Transcript;
}

/** All of a checkpoint as it is now; `scrollback` are the lines above the screen, by default all. */
export async function takeCheckpoint(
  { file, launch, record, host, transcript }: CheckpointParts,
  scrollback?: number,
): Promise<Omit<Checkpoint, 'savedAt'>> {
  const copy = await record.read();
  await transcript.flush();
  // What is written so far is on the screen that is taken next, so that nothing is missing between the two.
  const { title, lastOutputAt, lastInputAt, transcriptBytes } = host.status(0);
  const screen = await host.snapshot(scrollback);
  const { sessionId, pid, startTime, bootId, startedAt, ptyPid, ptyStartTime } = file;
  const { env: _, notice: _n, ...spec } = launch;
  return {
    ...{ sessionId, startedAt, title, lastOutputAt, lastInputAt, transcriptBytes, screen },
    host: { pid, startTime, bootId },
    pty: { pid: ptyPid, startTime: ptyStartTime },
    launch: spec,
    record: copy,
  };
}
