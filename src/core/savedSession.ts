import * as v from 'valibot';
import { type SessionRecord, sessionRecordSchema, timestamp } from '../protocol/sessionRecord.ts';
import { sealed } from './checksum.ts';
import { parseText } from './jsonText.ts';
import { envelopeFormat } from './migrations.ts';
import { openRecord } from './recordDocument.ts';
import { documentVersion } from './registryDocument.ts';

/** A full hash of either kind that git has; nothing else from a file is asked for as a commit. */
export const commitSchema = v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/));

/** All that a session can be brought back from. */
export interface RestorableSession {
  record: SessionRecord;
  /** Where its branch stood; a full hash. Absent without a branch. */
  commit?: string;
}

/** Characters; a note is for a person to read in a list. */
export const maxNoteLength = 10_000;

/** A session as it was when it was saved. */
export interface SavedSession extends RestorableSession {
  state: 'sound';
  /** Its own, for one session can be saved many times; UUID v4. */
  id: string;
  sessionId: string;
  /** Of the session. */
  name: string;
  /** ISO 8601 UTC. */
  savedAt: string;
  note?: string;
  /** Why its second copy had to be read, as the end of a sentence. */
  problem?: string;
}

/** A saved session that is there and cannot be read. */
export interface UnreadableSession {
  state: 'damaged' | 'newer';
  id: string;
  /** When its file was written; ISO 8601 UTC. */
  savedAt: string;
  /** Why, as the end of a sentence. */
  problem: string;
}

export type ListedSession = SavedSession | UnreadableSession;

/** What came of reading a saved session's text. */
export type OpenedSession = { state: 'sound'; saved: SavedSession } | { state: 'damaged' | 'newer'; problem: string };

const savedSchema = v.looseObject({
  kind: v.literal('saved'),
  id: sessionRecordSchema.entries.id,
  savedAt: timestamp,
  note: v.optional(v.string()),
  commit: v.optional(commitSchema),
  session: sessionRecordSchema,
});

/** The text of a saved session: a record's own, with when it was saved and where its branch stood. */
export function serializeSaved({ id, savedAt, note, commit, record }: Omit<SavedSession, 'state'>): string {
  const document = sealed({
    format: envelopeFormat,
    version: documentVersion,
    kind: 'saved' as const,
    id,
    savedAt,
    ...(note === undefined ? {} : { note }),
    ...(commit === undefined ? {} : { commit }),
    sha256: '' as const,
    session: record,
  });
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Reads what {@link serializeSaved} wrote; never throws. */
export function openSaved(text: string, id: string): OpenedSession {
  const opened = openRecord(text);
  if (opened.state === 'damaged') return { state: 'damaged', problem: opened.reason };
  if (opened.state === 'newer') return { state: 'newer', problem: `a newer version wrote it (${opened.version})` };
  const fields = v.safeParse(savedSchema, parseText(text));
  if (!fields.success) {
    return { state: 'damaged', problem: `its field “${v.getDotPath(fields.issues[0])}” makes no sense` };
  }
  const { savedAt, note, commit, session: record } = fields.output;
  if (fields.output.id !== id) return { state: 'damaged', problem: `it is that of ${fields.output.id}` };
  return {
    state: 'sound',
    saved: {
      state: 'sound',
      id,
      sessionId: record.id,
      name: record.name,
      savedAt,
      ...(note === undefined ? {} : { note }),
      ...(commit === undefined ? {} : { commit }),
      record,
    },
  };
}

/** Why a saved session’s second copy had to be read, as a sentence for the user. */
export function describeSecondCopy(problem: string): string {
  return `Its file is damaged (${problem}), so its second copy was read.`;
}

/** Whether a text is the id of a saved session, and so safe as a part of a path. */
export function isSavedId(id: string): boolean {
  return v.is(sessionRecordSchema.entries.id, id);
}

/** The session that a record, or one that was brought back from it, is in the list. */
export function findListed(sessions: readonly SessionRecord[], { id }: SessionRecord): SessionRecord | undefined {
  return sessions.find((session) => session.id === id || session.metadata?.restoredFrom === id);
}

/** The record without its claim that its branch was made for it. */
export function disowned(record: SessionRecord): SessionRecord {
  return { ...record, metadata: { ...record.metadata, ownsBranch: false } };
}

/** What becomes of a session by itself, and so is not what the user asked for. */
const ownFields = new Set<string>(Object.keys(sessionRecordSchema.entries));

/** The draft of a session with all that its user has decided about the one that it brings back. */
export function restoredRecord(draft: SessionRecord, saved: SessionRecord): SessionRecord {
  const unknownFields = Object.entries(saved).filter(([field]) => !ownFields.has(field));
  const { baseCommit, template, policy, resumeCommand, agentSessionId } = saved;
  // The draft has as much of the environment as is sound.
  const { env: _, ownsWorktree, ...metadata } = saved.metadata ?? {};
  // A new worktree in the place of one that was adopted is the session's own.
  const isAdopted = ownsWorktree === false && draft.worktreePath === saved.worktreePath;
  const ownsBranch = draft.metadata?.ownsBranch === true || metadata.ownsBranch === true;
  return {
    ...Object.fromEntries(unknownFields),
    ...draft,
    ...(baseCommit === undefined ? {} : { baseCommit }),
    template,
    policy,
    ...(resumeCommand === undefined ? {} : { resumeCommand }),
    ...(agentSessionId === undefined ? {} : { agentSessionId }),
    metadata: {
      ...metadata,
      ...draft.metadata,
      ownsBranch,
      ...(isAdopted ? { ownsWorktree: false } : {}),
      restoredFrom: saved.id,
    },
  };
}
