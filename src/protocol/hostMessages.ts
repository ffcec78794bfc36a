import * as v from 'valibot';
import { amount } from './sessionRecord.ts';

/** JSON payloads of the session host's frozen verbs. Fields are only ever added, and are then optional. */

const size = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const helloSchema = v.object({
  protocol: v.object({ min: v.number(), max: v.number() }),
  token: v.string(),
  client: v.object({ kind: v.picklist(['window', 'cli', 'helper', 'test']), pid: v.number() }),
  /** Of a helper: helpers that come later have higher ones, and push out those before them. Absent: 0. */
  epoch: v.optional(count),
});
export type Hello = v.InferOutput<typeof helloSchema>;

export const resizeSchema = v.object({ cols: size, rows: size });
export type TerminalSize = v.InferOutput<typeof resizeSchema>;

export const attachSchema = v.object({
  cols: size,
  rows: size,
  /** Byte offset of the first byte the client lacks; absent, it wants a snapshot. */
  from: v.optional(count),
  /** Lines of scrollback the client can hold; absent, all that the host has. */
  scrollback: v.optional(count),
  /** What the host answers a program that asks for the terminal's colours. */
  theme: v.optional(v.picklist(['dark', 'light'])),
});
export type Attach = v.InferOutput<typeof attachSchema>;

export const signalSchema = v.object({ signal: v.picklist(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGKILL']) });
export type Signal = v.InferOutput<typeof signalSchema>;

export const snapshotRequestSchema = v.object({ scrollback: v.optional(count) });

export const stopSchema = v.object({
  /** Milliseconds between the hangup and the kill. */
  graceMs: v.pipe(count, v.maxValue(600_000)),
});

/** How the session's process ended. `signal` is the signal's number. */
export const exitSchema = v.object({
  code: v.nullable(v.number()),
  signal: v.nullable(v.number()),
  /** `exit`: by itself; `stop`: a client asked for it. */
  reason: v.picklist(['exit', 'stop']),
  /** ISO 8601 UTC. */
  endedAt: v.string(),
});
export type HostExit = v.InferOutput<typeof exitSchema>;

export const welcomeSchema = v.object({
  protocol: v.number(),
  sessionId: v.string(),
  pid: v.number(),
  /** With the pid it tells one life of a session from the next, whose offsets are others. */
  startedAt: v.optional(v.string()),
});
export type Welcome = v.InferOutput<typeof welcomeSchema>;

export const hostStatusSchema = v.object({
  sessionId: v.string(),
  /** Of the host process. */
  pid: v.number(),
  /** Of the session's own process. */
  ptyPid: v.number(),
  cols: v.number(),
  rows: v.number(),
  /** Byte offset of the next byte of output. */
  seq: v.number(),
  clients: v.number(),
  startedAt: v.string(),
  /** ISO 8601 UTC; null before the first output. */
  lastOutputAt: v.nullable(v.string()),
  title: v.string(),
  exit: v.nullable(exitSchema),
  /** Since the process was started, its last output, and its last output or input, by a clock nobody sets; milliseconds. */
  upFor: v.optional(count),
  quietFor: v.optional(count),
  idleFor: v.optional(count),
  /** Opaque; with the pid it tells the session's own process from a later one. Absent where the system does not tell. */
  ptyStartTime: v.optional(v.string()),
  /** When a client last sent input, ISO 8601 UTC; null before the first. */
  lastInputAt: v.optional(v.nullable(v.string())),
  /** Input that was accepted and that the program's terminal has not taken; bytes. */
  inputPending: v.optional(count),
  /** Since when nothing of that was taken, ISO 8601 UTC; null where nothing waits. */
  inputPendingSince: v.optional(v.nullable(v.string())),
  /** How long nothing of that was taken, by a clock nobody sets, milliseconds; null where nothing waits. */
  inputPendingFor: v.optional(v.nullable(count)),
  /** Length of the transcript file as far as it is written. */
  transcriptBytes: v.optional(count),
  /** All that was written to transcripts since the host started, which never falls; bytes. */
  transcriptWritten: v.optional(count),
  /** When the checkpoint on disk was taken, ISO 8601 UTC; null before this host's first. */
  checkpointAt: v.optional(v.nullable(v.string())),
  /** Since when the process has been told to end and has not, ISO 8601 UTC; null where it was not told. */
  stoppingSince: v.optional(v.nullable(v.string())),
});
export type HostStatus = v.InferOutput<typeof hostStatusSchema>;

export const attachedSchema = v.object({
  cols: size,
  rows: size,
  /** Where the bytes that follow start; with `snapshot`, the offset that the screen stands for. */
  seq: count,
  replay: v.picklist(['journal', 'snapshot']),
  exit: v.nullable(exitSchema),
});
export type Attached = v.InferOutput<typeof attachedSchema>;

/** What a host leaves in its session's folder for whoever adopts it: `host.json`. */
export const hostFileSchema = v.object({
  sessionId: v.string(),
  protocol: v.number(),
  pid: v.number(),
  /** Opaque; equal only for one life of the process. */
  startTime: v.string(),
  bootId: v.string(),
  ptyPid: v.number(),
  socket: v.string(),
  startedAt: v.string(),
  exit: v.nullable(exitSchema),
  /** As in the host's status. */
  ptyStartTime: v.optional(v.string()),
  /** Until this life has saved its own screen: since when one that was saved is the last, as that of the life before is. */
  screenSince: v.optional(v.string()),
  /** The highest of the helpers that have spoken to this host. */
  epoch: v.optional(count),
  /** When the system told the host to end, as it does at a logout, ISO 8601 UTC: nobody’s wish, and no crash. */
  leftAt: v.optional(v.string()),
});
export type HostFile = v.InferOutput<typeof hostFileSchema>;

const callEntries = { file: v.string(), args: v.array(v.string()) };

/** What makes a new worktree ready to work in, and runs in that, before the session's own command is started in the same terminal. */
const setupSchema = v.object({
  /** One after the other, each once the one before has ended with code 0. */
  steps: v.array(v.object({ ...callEntries, what: v.string() })),
  /** Minutes that each may take; 0 for no limit. */
  timeout: amount,
});
export type Setup = v.InferOutput<typeof setupSchema>;

/**
 * What a host is started with: `launch.json`, readable by the user alone because of `env`, which the host removes
 * from it.
 */
export const launchSpecSchema = v.object({
  sessionId: v.string(),
  file: v.string(),
  args: v.array(v.string()),
  cwd: v.string(),
  env: v.record(v.string(), v.string()),
  cols: size,
  rows: size,
  /** Lines that the host keeps above the screen. */
  scrollback: count,
  theme: v.optional(v.picklist(['dark', 'light'])),
  /** What runs instead of `file` and `args` where the session is started again by itself. */
  resume: v.optional(v.object(callEntries)),
  /** What has to succeed first; absent where the worktree is ready. */
  setup: v.optional(setupSchema),
  /** What runs this time instead of `file` and `args` in `cwd`: a step of the setup. */
  instead: v.optional(v.object({ ...callEntries, cwd: v.string() })),
  /** The main checkout, of which programs are told. */
  root: v.optional(v.string()),
  /** What the user has set for the environments of all sessions, with placeholders: `env` has it resolved. */
  variables: v.optional(v.record(v.string(), v.string())),
  /** The same of what is run in a new worktree, and before it is removed: lines for the user's shell, and minutes for each. */
  worktree: v.optional(
    v.object({
      setup: v.optional(v.array(v.string())),
      teardown: v.optional(v.array(v.string())),
      setupTimeout: v.optional(amount),
    }),
  ),
  /** One plain sentence on why the process is started again, shown between its earlier output and the new. */
  notice: v.optional(v.string()),
});
export type LaunchSpec = v.InferOutput<typeof launchSpecSchema>;

/** A session's screen, saved while its process runs and when that ends: `screen.json`. */
export const savedScreenSchema = v.object({
  seq: count,
  cols: size,
  rows: size,
  screen: v.string(),
  savedAt: v.string(),
  /** When the host started whose screen it is. */
  startedAt: v.optional(v.string()),
});
export type SavedScreen = v.InferOutput<typeof savedScreenSchema>;
