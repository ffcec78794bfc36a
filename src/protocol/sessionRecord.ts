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

/** So far below what can be counted exactly that no number of changes leads there. */
export const maxRevision = 2 ** 52;

const exitSchema = v.looseObject({
  code: v.nullable(v.number()),
  /** The signal's number. */
  signal: v.nullable(v.number()),
  /** `exit`, `stop` (asked for), `lost` (the host was gone), `start` (never came up), or ended by the watchdog. */
  reason: v.picklist(['exit', 'stop', 'lost', 'start', 'timeout', 'limit']),
});

/** The most of any amount; beyond it somebody has mistyped. */
const maxAmount = 1_000_000;
const amountText = `must be a number from 0 to ${maxAmount}`;
export const amount = v.pipe(v.number(amountText), v.minValue(0, amountText), v.maxValue(maxAmount, amountText));

const attemptsText = 'must be a whole number from 0 to 100';
const attempts = v.pipe(
  v.number(attemptsText),
  v.integer(attemptsText),
  v.minValue(0, attemptsText),
  v.maxValue(100, attemptsText),
);

const codesText = 'must be a list of exit codes';

/** What of the settings a session has of its own; 0 turns a limit off. */
const policyEntries = {
  /** Automatic restarts in a row, at most. */
  maxAttempts: v.optional(attempts),
  /** Before the first automatic restart, and the most before any; seconds. */
  retryDelay: v.optional(amount),
  maxRetryDelay: v.optional(amount),
  /** Exit codes after which it is never started again by itself. */
  neverRetry: v.optional(v.array(v.pipe(v.number(codesText), v.integer(codesText)), codesText)),
  /** Since its process was started; minutes. */
  sessionTimeout: v.optional(amount),
  /** Without output, input or a report, and not waiting for the user; minutes. */
  idleTimeout: v.optional(amount),
  /** Of the whole process tree; MB. */
  memoryLimit: v.optional(amount),
  /** Of the whole process tree; minutes of processor time. */
  cpuLimit: v.optional(amount),
  /** MB that its transcript may grow by, however much of it is kept. */
  transcriptLimit: v.optional(amount),
  /** What follows when one of these is reached. */
  onLimit: v.optional(v.picklist(['stop', 'recover'], 'must be stop or recover')),
};

export const policySchema = v.looseObject({
  retry: v.picklist(['never', 'onCrash', 'onFailure'], 'must be never, onCrash or onFailure'),
  ...policyEntries,
});
export type SessionPolicy = v.InferOutput<typeof policySchema>;

/** Why a status is what it is. */
export const evidenceSchema = v.looseObject({
  /** What was seen, as a part of a sentence: “its session host was killed”. */
  what: v.string(),
  /** Who or what saw it: `user`, `host`, `process`, `watchdog`, `retry`, `boot` or the name of a report. */
  by: v.string(),
  at: timestamp,
  /** What would put it right, as a sentence. */
  action: v.optional(v.string()),
});
export type Evidence = v.InferOutput<typeof evidenceSchema>;

/** What the next automatic restart goes by, so that it survives the helper. */
const recoverySchema = v.looseObject({
  /** The last starts of its process, oldest first. */
  starts: v.pipe(v.array(timestamp), v.maxLength(16)),
  /** How many processes in a row ended within a second. */
  quickExits: v.number(),
  /** The last pause, which the next one goes by; milliseconds. */
  delay: v.optional(v.number()),
  /** How long the attempt that is due waits beyond its pause, for the machine cannot start it; milliseconds. */
  heldFor: v.optional(v.number()),
  /** When the next attempt is due; absent where none is. */
  retryAt: v.optional(timestamp),
});
export type Recovery = v.InferOutput<typeof recoverySchema>;

/** The watchdog has told its process to end. */
const endingSchema = v.looseObject({
  reason: v.picklist(['timeout', 'limit']),
  what: v.string(),
  at: timestamp,
});

/**
 * Where the time limits begin to count instead of at the start or at the last sign of life: how long its process had run
 * then, by its host's clock, so that any helper goes by it and no clock that is set changes it; milliseconds.
 */
const countsFromSchema = v.looseObject({
  sessionTimeout: v.optional(v.number()),
  idleTimeout: v.optional(v.number()),
});

/** How far the setup of its worktree has come; absent where there is none to be run. */
const setupSchema = v.looseObject({
  /** `pending`: the worktree is new. `running`: it has begun. `skipped`: the user has started the command without it. */
  state: v.picklist(['pending', 'running', 'failed', 'done', 'skipped']),
  /** The step that runs, or ran last, counted from 0, and how many there are. */
  step: v.optional(v.number()),
  steps: v.optional(v.number()),
  /** That step, as it is told to people. */
  what: v.optional(v.string()),
  /** Minutes that it may take; 0 for no limit. */
  timeout: v.optional(amount),
});
export type SetupProgress = v.InferOutput<typeof setupSchema>;

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
  /** Where its branch stood when the session was made; a full hash. */
  baseCommit: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{40,64}$/, 'A base commit must be a full hash.'))),
  worktreePath: v.pipe(v.string(), v.regex(absolutePath, 'A worktree’s path must be absolute.')),
  /** Folder inside the worktree in which the command starts; relative, empty for the worktree itself. */
  cwd: v.optional(v.string()),
  /** Present while a process runs. */
  ptyPid: v.optional(v.number()),
  /** Of the process that runs, or ran last. */
  startedAt: v.optional(timestamp),
  createdAt: timestamp,
  lastActivity: timestamp,
  endedAt: v.optional(timestamp),
  currentPhase: v.optional(v.string()),
  metadata: v.optional(v.record(v.string(), v.unknown())),
  template: v.string(),
  command: commandSchema,
  /** What runs instead when it is started again after a crash, such as an agent’s own way to resume. */
  resumeCommand: v.optional(commandSchema),
  policy: policySchema,
  /** Automatic restarts since the user started it, or since it was last healthy for long. */
  attempts: v.number(),
  exit: v.optional(exitSchema),
  evidence: v.optional(evidenceSchema),
  recovery: v.optional(recoverySchema),
  ending: v.optional(endingSchema),
  setup: v.optional(setupSchema),
  /** The first of its ten ports, once it was started. */
  port: v.optional(v.number()),
  /** Of the process that runs; the user wants it to go on, or it has told of itself. */
  countsFrom: v.optional(countsFromSchema),
  /** When it left the list of its own accord, having ended long before. */
  archivedAt: v.optional(timestamp),
  agentSessionId: v.optional(v.string()),
  /** +1 for each change; 0 for a record that no helper has taken in yet. */
  revision: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(maxRevision)),
  /** A tombstone: the session was destroyed and must not come back from an older replica. */
  deletedAt: v.optional(timestamp),
});

export type SessionRecord = v.InferOutput<typeof sessionRecordSchema>;

/** The fields that a mutation may set; `undefined` removes an optional one. */
export type RecordChanges = { [K in keyof SessionRecord]?: SessionRecord[K] | undefined };
