import type { Checkpoint } from '../../src/protocol/checkpoint.ts';

/** A checkpoint with that on its screen. */
export function checkpointOf({ text, ...fields }: { text: string } & Partial<Checkpoint>): Checkpoint {
  return {
    sessionId: 'id',
    savedAt: '2026-03-07T10:00:01.000Z',
    startedAt: '2026-03-07T10:00:00.000Z',
    host: { pid: 1, startTime: '1', bootId: '1' },
    pty: { pid: 2, startTime: '2' },
    launch: { sessionId: 'id', file: 'cat', args: [], cwd: '/', cols: 80, rows: 24, scrollback: 1_000 },
    title: '',
    lastOutputAt: null,
    lastInputAt: null,
    screen: { seq: text.length, cols: 80, rows: 24, text },
    transcriptBytes: 0,
    ...fields,
  };
}
