import * as v from 'valibot';
import { NotificationType, RequestType, RequestType0 } from 'vscode-jsonrpc';
import type { ChangesDelta, ChangesReport } from './changes.ts';
import type { HealthReport, TimeLimit, UseSample } from './health.ts';
import { launchSpecSchema } from './hostMessages.ts';
import { type RecordChanges, type SessionRecord, sessionRecordSchema } from './sessionRecord.ts';

/**
 * Every method of the helper. Errors cross as JSON-RPC errors whose `data` is an `ErrorShape`.
 * Each mutation carries a `requestId`: sent again, it returns the first answer.
 */

const requestId = v.pipe(v.string(), v.maxLength(64));

export const helperHelloSchema = v.object({
  protocol: v.object({ min: v.number(), max: v.number() }),
  token: v.string(),
  client: v.object({ kind: v.picklist(['window', 'cli', 'test']), pid: v.number(), version: v.string() }),
});
export type HelperHello = v.InferOutput<typeof helperHelloSchema>;

export interface HelperWelcome {
  protocol: number;
  pid: number;
  version: string;
  /** One higher than that of any helper before; absent from helpers that have none. */
  epoch?: number;
}

/** The registry as it stood after change number `sequence`. */
export interface RegistryList {
  sequence: number;
  records: SessionRecord[];
}

/** What a window gets for its replica. */
export interface SyncedRegistry extends RegistryList {
  /** What was found damaged and how it was put right: sentences for the user, told to one window once. */
  notices?: string[];
  /** Ids of the replica's sessions that were not taken in, for another session has their worktree or their branch. */
  heldBack?: string[];
}

export const syncSchema = v.object({ records: v.array(v.unknown()) });
export type Sync = v.InferOutput<typeof syncSchema>;

export const createSchema = v.object({
  requestId,
  record: sessionRecordSchema,
  /** How many sessions there may be; null for no limit. */
  limit: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1))),
});
export type Create = v.InferOutput<typeof createSchema>;

export const updateSchema = v.object({
  requestId,
  id: v.string(),
  baseRevision: v.number(),
  changes: v.record(v.string(), v.unknown()),
  /** Optional fields to remove. */
  remove: v.optional(v.array(v.string())),
});
export interface Update {
  requestId: string;
  id: string;
  baseRevision: number;
  changes: RecordChanges;
  remove?: string[];
}

export const startSchema = v.object({ requestId, launch: launchSpecSchema });
export type Start = v.InferOutput<typeof startSchema>;

export const stopSessionSchema = v.object({ requestId, id: v.string(), graceMs: v.number() });
export type StopSession = v.InferOutput<typeof stopSessionSchema>;

export const deleteSchema = v.object({ requestId, id: v.string(), baseRevision: v.number() });
export type Delete = v.InferOutput<typeof deleteSchema>;

export const restoreSchema = v.object({ requestId, records: v.array(sessionRecordSchema) });
export type Restore = v.InferOutput<typeof restoreSchema>;

export const sessionRequestSchema = v.object({ requestId, id: v.string() });
export type SessionRequest = v.InferOutput<typeof sessionRequestSchema>;

export const sessionIdSchema = v.object({ id: v.string() });
export type SessionId = v.InferOutput<typeof sessionIdSchema>;

export const keepRunningSchema = v.object({
  id: v.string(),
  /** Of the process that is to go on; absent for whichever runs. */
  startedAt: v.optional(v.string()),
});
export type KeepRunning = v.InferOutput<typeof keepRunningSchema>;

/** Until when a session goes on that the user wants to. */
export interface KeptSession {
  /** When a time limit will end it then, if nothing changes; ISO 8601 UTC, absent where none will. */
  endsAt?: string;
  endsBy?: TimeLimit;
}

export const windowUseSchema = v.object({
  /** When the user last came to the window, ISO 8601 UTC; null where that was not yet. */
  at: v.nullable(v.string()),
});
export type WindowUse = v.InferOutput<typeof windowUseSchema>;

export const changesSchema = v.object({
  /** How long to wait for what is being looked at just now; milliseconds. */
  patience: v.pipe(v.number(), v.minValue(0), v.maxValue(30_000)),
});
export type ChangesRequest = v.InferOutput<typeof changesSchema>;

export const refreshSchema = v.object({
  /** The sessions in whose worktrees something may have happened; absent where somebody wants to see all of them. */
  ids: v.optional(v.array(v.string())),
});
export type Refresh = v.InferOutput<typeof refreshSchema>;

/** Narrowed by the helper, which knows what settings there are. */
export const configureSchema = v.record(v.string(), v.unknown());
export type Configure = v.InferOutput<typeof configureSchema>;

export const leftoverSchema = v.object({ requestId, sessionId: v.string(), pid: v.number() });
export type LeftoverRequest = v.InferOutput<typeof leftoverSchema>;

/** What a session's process can say of itself: that it goes on, that it needs the user, or that its turn is over. */
export const reportStates = ['working', 'waiting', 'done'] as const;

export const reportSchema = v.object({
  requestId,
  id: v.string(),
  state: v.picklist(reportStates),
  message: v.optional(v.pipe(v.string(), v.maxLength(10_000))),
});
export type SessionReport = v.InferOutput<typeof reportSchema>;

export interface HelperStatus {
  pid: number;
  version: string;
  startedAt: string;
  clients: number;
  /** Sessions whose host is connected. */
  hosts: number;
}

export const helperMethods = {
  /** First on every connection: whatever is refused before it has succeeded closes the connection. */
  hello: new RequestType<HelperHello, HelperWelcome, unknown>('hello'),
  /** Hands over a replica and returns the merged registry. */
  sync: new RequestType<Sync, SyncedRegistry, unknown>('registry/sync'),
  list: new RequestType0<RegistryList, unknown>('registry/list'),
  /** Takes a new record in, if its name and branch are free and the limit allows one more. */
  create: new RequestType<Create, SessionRecord, unknown>('session/create'),
  /** Changes a record; a stale `baseRevision` gives `REVISION_CONFLICT` with the current record in `data`. */
  update: new RequestType<Update, SessionRecord, unknown>('session/update'),
  /** Starts the session's host; returns once its process runs. Starting one that runs returns its record. */
  start: new RequestType<Start, SessionRecord, unknown>('session/start'),
  /** Ends the session's process; returns once it has ended. */
  stop: new RequestType<StopSession, SessionRecord, unknown>('session/stop'),
  /** Turns the record into a tombstone and forgets the session's folder. */
  delete: new RequestType<Delete, SessionRecord, unknown>('session/delete'),
  /** Brings sessions back as they were, under their own ids, and returns them as they are then. */
  restore: new RequestType<Restore, SessionRecord[], unknown>('registry/restore'),
  /** Starts a session that waits for its next automatic restart at once. One that does not wait is returned as it is. */
  retryNow: new RequestType<SessionRequest, SessionRecord, unknown>('session/retryNow'),
  /** Leaves such a session as failed. */
  giveUp: new RequestType<SessionRequest, SessionRecord, unknown>('session/giveUp'),
  /** Lets a session go on that is about to be ended since its time is over; older helpers answer null. */
  keepRunning: new RequestType<KeepRunning, KeptSession | null, unknown>('session/keepRunning'),
  /**
   * Takes note of what a session's process says of itself, and returns the record; that of a session that does not run
   * stays as it is.
   */
  report: new RequestType<SessionReport, SessionRecord, unknown>('session/report'),
  /** How all sessions are. */
  health: new RequestType0<HealthReport, unknown>('health/report'),
  /** Ends a process, or a host without a session, that the health report tells of as left behind. */
  endLeftover: new RequestType<LeftoverRequest, null, unknown>('leftover/end'),
  /** Makes a session again of a host that has none. */
  adoptHost: new RequestType<SessionRequest, SessionRecord, unknown>('leftover/adopt'),
  /** What was done in the sessions' worktrees. Whoever has asked is told when it changes. */
  changes: new RequestType<ChangesRequest, ChangesReport, unknown>('changes/report'),
  /** Tells that it may have changed. */
  refreshChanges: new RequestType<Refresh, null, unknown>('changes/refresh'),
  /** The same once every session was compared with every other one. */
  checkOverlaps: new RequestType0<ChangesReport, unknown>('changes/check'),
  /** What a session has used in the last hour, oldest first. */
  history: new RequestType<SessionId, UseSample[], unknown>('session/history'),
  /** Tells the user's settings, which hold until a window tells others. */
  configure: new RequestType<Configure, null, unknown>('helper/configure'),
  /** Tells when the user came to a window: the one that was used last tells what happens, and no other. */
  use: new RequestType<WindowUse, null, unknown>('window/use'),
  status: new RequestType0<HelperStatus, unknown>('helper/status'),
  /** Ends the helper; sessions run on and the next helper adopts them. */
  shutdown: new RequestType0<null, unknown>('helper/shutdown'),
} as const;

/** What changed, as change number `sequence`; after a gap in the numbers a client lists again. */
export interface RegistryChange {
  sequence: number;
  record: SessionRecord;
}

export const helperEvents = {
  registryChanged: new NotificationType<RegistryChange>('registry/changed'),
  /** Something about the sessions' health is to be told anew. */
  healthChanged: new NotificationType<HealthReport>('health/changed'),
  /** What was done in the sessions' worktrees is to be told anew. */
  changesChanged: new NotificationType<ChangesDelta>('changes/changed'),
  /** Whether this window is the one that tells the user what happens; it is until it is told otherwise. */
  speaks: new NotificationType<boolean>('window/speaks'),
  /** A sentence for the user. */
  noticed: new NotificationType<string>('helper/noticed'),
} as const;
