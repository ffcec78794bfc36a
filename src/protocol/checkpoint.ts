import * as v from 'valibot';
import { hostFileSchema, hostStatusSchema, launchSpecSchema, savedScreenSchema } from './hostMessages.ts';

const { sessionId, pid, startTime, bootId, startedAt, ptyPid, ptyStartTime } = hostFileSchema.entries;
const { title, lastOutputAt, lastInputAt, transcriptBytes } = hostStatusSchema.entries;
const { seq, cols, rows, screen } = savedScreenSchema.entries;
const { env: _, notice: _n, ...launch } = launchSpecSchema.entries;

/** What a session can be brought back from where its host is gone: `checkpoint.json`, written by the host. */
export const checkpointSchema = v.object({
  sessionId,
  /** When it was taken, ISO 8601 UTC. */
  savedAt: v.string(),
  /** When the host started whose checkpoint it is, which tells it from those of the session's earlier lives. */
  startedAt,
  host: v.object({ pid, startTime, bootId }),
  pty: v.object({ pid: ptyPid, startTime: ptyStartTime }),
  /** With what it was started; the environment, which may hold secrets, is not on disk. */
  launch: v.object(launch),
  title,
  lastOutputAt,
  lastInputAt,
  /** `text` draws it, with lines above it, on a terminal of that size; it stands for the output before `seq`. */
  screen: v.object({ seq, cols, rows, text: screen }),
  /** What the transcript holds up to this length is on the screen; a file that is shorter was begun since. */
  transcriptBytes,
  /** What `record.json` held; absent where there was none. */
  record: v.optional(v.unknown()),
});
export type Checkpoint = v.InferOutput<typeof checkpointSchema>;
