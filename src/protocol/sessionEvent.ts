import * as v from 'valibot';
import { sessionStatuses, timestamp } from './sessionRecord.ts';

/** What every event says; the details of newer versions survive. */
const anyEvent = {
  /** When it happened; ISO 8601 in UTC. */
  at: timestamp,
  /** Absent for what concerns no single session. */
  sessionId: v.optional(v.string()),
  /** Of the session's record after it. */
  revision: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  /**
   * It was found afterwards, not seen: `at` is the time that the record tells, else a time by which it had happened.
   */
  late: v.optional(v.literal(true)),
  /** How many revisions before this one nobody has seen. */
  missed: v.optional(v.number()),
};

const status = v.picklist(sessionStatuses);

/** As the record tells it; `unseen` where a process has ended of whose end nothing is known. */
const end = { code: v.nullable(v.number()), signal: v.nullable(v.number()), reason: v.string() };

const variants = [
  event('created', { name: v.string(), template: v.string() }),
  /** Without a pid where the process has ended before it was seen. */
  event('started', { ptyPid: v.optional(v.number()) }),
  event('statusChanged', { from: status, to: status }),
  /** The user ended it. */
  event('stopped', end),
  event('exited', end),
  /** A process runs again after a crash; `attempts` counts the starts that took. */
  event('recovered', { attempts: v.number() }),
  event('renamed', { from: v.string(), to: v.string() }),
  event('destroyed', {}),
  /** Taken back: `source` is the file of a backup, or the id of the session of which it was saved or exported. */
  event('restored', { source: v.optional(v.string()) }),
  /** What was damaged was put right, as the sentences in `fields` say. */
  event('repaired', { fields: v.optional(v.array(v.string())) }),
  /** Its record was made anew from what a worktree or a host knows. */
  event('rebuilt', { source: v.optional(v.string()) }),
  event('backupTaken', { file: v.string(), count: v.number() }),
  /** `file` could not be read, and `source` was taken instead. */
  event('fellBack', { file: v.string(), source: v.string() }),
  /** A branch was moved by a merge of the session’s one, from one commit to another; full hashes. */
  event('merged', { branch: v.string(), into: v.string(), how: v.string(), from: v.string(), to: v.string() }),
  event('mergeUndone', { into: v.string(), from: v.string(), to: v.string() }),
  /** All that was not committed in its worktree; `files` counts them. */
  event('committed', { branch: v.string(), commit: v.string(), files: v.number() }),
  event('pushed', { branch: v.string(), remote: v.string(), ref: v.string(), commit: v.string() }),
  /** That many events are missing here: the disk did not take them in time. */
  event('dropped', { count: v.number() }),
] as const;

/** What can happen to a session, as the journal tells it. */
export const sessionEventSchema = v.variant('type', variants);
export type SessionEvent = v.InferOutput<typeof sessionEventSchema>;

/** An event as it is read: one of a type that only a newer version knows is kept as it is. */
export const storedEventSchema = v.looseObject({ ...anyEvent, type: v.pipe(v.string(), v.nonEmpty()) });
export type StoredEvent = v.InferOutput<typeof storedEventSchema>;

/** Whether this version knows the event's type and finds all its details. */
export function isSessionEvent(stored: StoredEvent | SessionEvent): stored is SessionEvent {
  return v.is(sessionEventSchema, stored);
}

function event<T extends string, D extends v.ObjectEntries>(type: T, details: D) {
  return v.looseObject({ ...anyEvent, type: v.literal(type), ...details });
}
