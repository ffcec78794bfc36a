import { isDeepStrictEqual } from 'node:util';
import type { RecordChanges, SessionRecord } from '../protocol/sessionRecord.ts';
import { uniqueName } from './sessionName.ts';
import { isLive } from './sessionRecord.ts';

/** What the user decides about a session, and all that a restore changes in one that exists. */
export const ownedFields = [
  'name',
  'branch',
  'baseBranch',
  'baseCommit',
  'worktreePath',
  'cwd',
  'command',
  'resumeCommand',
  'template',
  'policy',
  'metadata',
  'agentSessionId',
] as const satisfies readonly (keyof SessionRecord)[];

type OwnedField = (typeof ownedFields)[number];

/** What becomes of a session by itself. */
const liveFields = [
  'status',
  'ptyPid',
  'startedAt',
  'lastActivity',
  'endedAt',
  'archivedAt',
  'currentPhase',
  'attempts',
  'exit',
  'evidence',
  'recovery',
  'ending',
  'countsFrom',
  'setup',
  'port',
  'revision',
] as const satisfies readonly (keyof SessionRecord)[];

/**
 * What is added to the revision of a lost session: more changes than there are in the two weeks in which backups are
 * kept.
 */
export const unknownRevisions = 1_000_000;

export interface ChangedSession {
  /** As it is now. */
  record: SessionRecord;
  /** As it will be. */
  restored: SessionRecord;
  fields: [field: OwnedField, now: unknown, then: unknown][];
}

/** What a restore would do. Sessions that were made since stay as they are. */
export interface RestorePlan {
  /** Sessions that come back, as they will be. */
  returning: SessionRecord[];
  changed: ChangedSession[];
  /** How many sessions are as they were. */
  same: number;
  /** How many sessions of now the backup does not have. */
  onlyNow: number;
  /** A sentence for each name or branch that another session has by now. */
  notices: string[];
}

/**
 * Compares what there is with a backup; a session that had been destroyed in the backup says nothing.
 *
 * @param current tombstones included
 * @param branches of the repository, which a new name for a branch must not be one of
 */
export function planRestore(
  current: readonly SessionRecord[],
  backup: readonly SessionRecord[],
  branches: readonly string[] = [],
): RestorePlan {
  const living = new Map(current.filter(isLive).map((record) => [record.id, record]));
  const saved = backup.filter(isLive);
  const touched = saved.filter((then) => {
    const now = living.get(then.id);
    return !now || changedFields(now, then).length > 0;
  });
  const touchedIds = new Set(touched.map(({ id }) => id));
  const others = [...living.values()].filter(({ id }) => !touchedIds.has(id));
  const resolver = new ConflictResolver(others, branches);
  const plan: RestorePlan = {
    returning: [],
    changed: [],
    same: saved.length - touched.length,
    onlyNow: living.size - saved.filter(({ id }) => living.has(id)).length,
    notices: resolver.notices,
  };
  // A session that lives has the better right to its name.
  for (const then of touched) {
    const now = living.get(then.id);
    if (now) addChange(plan, now, resolver.resolve(then));
  }
  for (const then of touched) if (!living.has(then.id)) plan.returning.push(resting(resolver.resolve(then)));
  return plan;
}

/** What of a session’s last process says nothing about the one that comes back. */
const restlessFields = new Set<string>([
  'ptyPid',
  'startedAt',
  'endedAt',
  'archivedAt',
  'exit',
  'evidence',
  'recovery',
  'ending',
  'countsFrom',
  'currentPhase',
  'port',
  'deletedAt',
]);

/** A session as it comes back: its process is gone until its host is found. */
export function resting(record: SessionRecord): SessionRecord {
  const rest = Object.fromEntries(Object.entries(record).filter(([field]) => !restlessFields.has(field)));
  return { ...rest, status: 'idle', attempts: 0 } as SessionRecord;
}

/** What of a session that lives is to change for it to be as it was; undefined where nothing is. */
export function ownedChanges(now: SessionRecord, then: SessionRecord): RecordChanges | undefined {
  const fields = changedFields(now, then);
  return fields.length === 0 ? undefined : Object.fromEntries(fields.map(([field, , value]) => [field, value]));
}

/** Whether two lists of records are the same but for what becomes of sessions by itself, in any order. */
export function holdSameSessions(a: readonly SessionRecord[], b: readonly SessionRecord[]): boolean {
  return isDeepStrictEqual(lastingById(a), lastingById(b));
}

function lastingById(records: readonly SessionRecord[]): Map<string, unknown> {
  return new Map(records.map((record) => [record.id, lastingPart(record)]));
}

function lastingPart(record: SessionRecord): Record<string, unknown> {
  const isLasting = ([field, value]: [string, unknown]) =>
    value !== undefined && !liveFields.some((live) => live === field);
  return Object.fromEntries(Object.entries(record).filter(isLasting));
}

function addChange(plan: RestorePlan, record: SessionRecord, then: SessionRecord): void {
  const fields = changedFields(record, then);
  if (fields.length === 0) {
    plan.same++;
    return;
  }
  const restored = { ...record, ...Object.fromEntries(fields.map(([field, , value]) => [field, value])) };
  plan.changed.push({ record, restored, fields });
}

function changedFields(now: SessionRecord, then: SessionRecord): [OwnedField, unknown, unknown][] {
  const fields = ownedFields.filter((field) => !isDeepStrictEqual(now[field], then[field]));
  return fields.map((field) => [field, now[field], then[field]]);
}

/** Gives every session a name, a branch, a worktree and a conversation of its own, first come first served. */
class ConflictResolver {
  readonly notices: string[] = [];
  readonly #others: SessionRecord[];
  readonly #branches: readonly string[];

  constructor(others: readonly SessionRecord[], branches: readonly string[]) {
    this.#others = [...others];
    this.#branches = branches;
  }

  resolve(record: SessionRecord): SessionRecord {
    const resolved = this.#withConversation(this.#withWorktree(this.#withBranch(this.#withName(record))));
    this.#others.push(resolved);
    return resolved;
  }

  #withName(record: SessionRecord): SessionRecord {
    const isTaken = (name: string) => this.#others.some((other) => other.name.toLowerCase() === name.toLowerCase());
    const name = uniqueName(record.name, isTaken);
    if (name === record.name) return record;
    this.notices.push(`“${record.name}” comes back as “${name}”, because another session has that name by now.`);
    return { ...record, name };
  }

  #withBranch(record: SessionRecord): SessionRecord {
    const isWorkedOn = (branch: string) => this.#others.some((other) => other.branch === branch);
    if (!record.branch || !isWorkedOn(record.branch)) return record;
    const isTaken = (branch: string) => isWorkedOn(branch) || this.#branches.includes(branch);
    const branch = uniqueLastPart(record.branch, isTaken);
    this.notices.push(
      `“${record.name}” gets the branch ${branch}, because another session works on ${record.branch} by now.`,
    );
    // It is made for the session when that starts.
    return { ...record, branch, metadata: { ...record.metadata, ownsBranch: true } };
  }

  /** Sessions without a branch may well share a folder. */
  #withWorktree(record: SessionRecord): SessionRecord {
    const isTaken = (folder: string) => this.#others.some((other) => other.branch && other.worktreePath === folder);
    if (!record.branch || !isTaken(record.worktreePath)) return record;
    const worktreePath = uniqueLastPart(record.worktreePath, isTaken);
    this.notices.push(
      `“${record.name}” gets the worktree ${worktreePath}, because another session works in its own by now.`,
    );
    return { ...record, worktreePath };
  }

  #withConversation(record: SessionRecord): SessionRecord {
    const { agentSessionId, ...others } = record;
    const isTaken = this.#others.some((other) => other.agentSessionId === agentSessionId);
    if (agentSessionId === undefined || !isTaken) return record;
    this.notices.push(`“${record.name}” begins a new conversation, because its own goes on in another session by now.`);
    return others as SessionRecord;
  }
}

/** What stands behind the last slash of a branch or a path is as a session's name. */
function uniqueLastPart(text: string, isTaken: (text: string) => boolean): string {
  const start = Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1;
  const before = text.slice(0, start);
  return before + uniqueName(text.slice(start), (last) => isTaken(before + last));
}
