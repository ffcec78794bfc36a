import * as v from 'valibot';

/** The eight states of a session. */
export const sessionStatuses = [
  'idle',
  'active',
  'waiting',
  'recovering',
  'completed',
  'failed',
  'timeout',
  'cancelled',
] as const;
export type SessionStatus = (typeof sessionStatuses)[number];

const uuidV4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i;

/** ISO 8601 in UTC only, because times are compared as text. */
export const timestamp = v.pipe(v.string(), v.isoTimestamp(), v.regex(/T.*Z$/, 'A time must be in UTC, with a “Z”.'));

/** Of any system: a record may be read on another one than it was written on. */
const absolutePath = /^(?:\/|[a-z]:[\\/]|\\\\)/i;

/** A name becomes part of a branch and of a folder. */
const plainName = /^[^/\\\p{Cc}]+$/u;

const exitSchema = v.looseObject({
  code: v.nullable(v.number()),
  /** The signal's number. */
  signal: v.nullable(v.number()),
  /** `exit`, `stop` (asked for), `lost` (the host was gone) or `start` (never came up). */
  reason: v.picklist(['exit', 'stop', 'lost', 'start']),
});

export const policySchema = v.looseObject({ retry: v.picklist(['never', 'onCrash', 'onFailure']) });

/** What runs: a line for the user's shell, an argument vector, or null for the shell itself. */
export const commandSchema = v.union([v.null(), v.string(), v.array(v.string())]);
export type SessionCommand = v.InferOutput<typeof commandSchema>;

/**
 * What the user asked for and what became of it. Loose, so that fields of a newer version survive a load and
 * a save by this one.
 */
export const sessionRecordSchema = v.looseObject({
  /** UUID v4. */
  id: v.pipe(v.string(), v.regex(uuidV4, 'An id must be a UUID v4.')),
  name: v.pipe(v.string(), v.regex(plainName, 'A name must hold neither slashes nor control characters.')),
  status: v.picklist(sessionStatuses),
  /** Empty where the session runs without a worktree. */
  branch: v.string(),
  /** A branch, or a commit where the checkout had a detached HEAD; empty without a worktree. */
  baseBranch: v.string(),
  worktreePath: v.pipe(v.string(), v.regex(absolutePath, 'A worktree’s path must be absolute.')),
  /** Folder inside the worktree in which the command starts; relative, empty for the worktree itself. */
  cwd: v.optional(v.string()),
  /** Present while a process runs. */
  ptyPid: v.optional(v.number()),
  createdAt: timestamp,
  lastActivity: timestamp,
  endedAt: v.optional(timestamp),
  currentPhase: v.optional(v.string()),
  metadata: v.optional(v.record(v.string(), v.unknown())),
  template: v.string(),
  command: commandSchema,
  policy: policySchema,
  attempts: v.number(),
  exit: v.optional(exitSchema),
  agentSessionId: v.optional(v.string()),
  /** +1 for each change; 0 for a record that no helper has taken in yet. */
  revision: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** A tombstone: the session was destroyed and must not come back from an older replica. */
  deletedAt: v.optional(timestamp),
});

export type SessionRecord = v.InferOutput<typeof sessionRecordSchema>;

/** The fields that a mutation may set; `undefined` removes an optional one. */
export type RecordChanges = { [K in keyof SessionRecord]?: SessionRecord[K] | undefined };
