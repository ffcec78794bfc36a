import * as v from 'valibot';
import { maxRevision, type SessionRecord, sessionRecordSchema, sessionStatuses } from '../protocol/sessionRecord.ts';
import { toSafeName } from './sessionName.ts';

/** What is known around a record that must be repaired. */
export interface RepairContext {
  /** The repository's main checkout, which relative paths are meant from. Absolute. */
  root: string;
  /** Joins a relative path to the root; the system's own rules. */
  resolve: (root: string, relative: string) => string;
  /** When the file was written, for a record without any time of its own. */
  savedAt: Date;
}

/** A record that is valid now, and what had to be done for that, as sentences; none where nothing had to be. */
export interface RepairedRecord {
  record: SessionRecord;
  repairs: string[];
}

/** Why a record cannot be repaired: there is more than one right answer, or none. */
export interface HopelessRecord {
  problem: string;
}

type Fields = Record<string, unknown>;
type Repair = (fields: Fields, context: RepairContext) => [field: string, value: unknown, what: string][];

/** Statuses by the names that other tools and older lists give them. */
const knownStatuses: Record<string, string> = {
  running: 'active',
  stopped: 'cancelled',
  error: 'failed',
  canceled: 'cancelled',
  done: 'completed',
};

/** Fields that the bare form may lack, and what they then mean. */
const defaults: [field: string, value: (fields: Fields) => unknown][] = [
  ['template', ({ command }) => (command === undefined || command === null ? 'shell' : 'command')],
  ['command', () => null],
  ['policy', () => ({ retry: 'onCrash' })],
  ['attempts', () => 0],
  ['revision', () => 0],
  ['branch', () => ''],
  ['baseBranch', () => ''],
];

const optionalFields = [
  'baseCommit',
  'cwd',
  'ptyPid',
  'startedAt',
  'endedAt',
  'currentPhase',
  'metadata',
  'resumeCommand',
  'exit',
  'evidence',
  'recovery',
  'ending',
  'archivedAt',
  'setup',
  'port',
  'agentSessionId',
];

/**
 * Makes a record valid where there is one right answer: a missing time, an unknown status, a relative path, a field
 * that may be absent. What it does not know stays as it is.
 */
export function repairRecord(value: unknown, context: RepairContext): RepairedRecord | HopelessRecord {
  const whole = v.safeParse(sessionRecordSchema, value);
  if (whole.success) return { record: whole.output, repairs: [] };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'it is no record' };
  const fields: Fields = { ...value };
  const repairs: string[] = [];
  for (const repair of [repairTimes, repairStatus, repairPath, repairName, repairRevision, addDefaults, dropOptional]) {
    for (const [field, repaired, what] of repair(fields, context)) {
      if (repaired === undefined) delete fields[field];
      else fields[field] = repaired;
      repairs.push(what);
    }
  }
  const repaired = v.safeParse(sessionRecordSchema, fields);
  return repaired.success ? { record: repaired.output, repairs } : { problem: describe(repaired.issues[0]) };
}

const repairTimes: Repair = (fields, { savedAt }) => {
  const created = toTime(fields.createdAt);
  const active = toTime(fields.lastActivity);
  const fallback = created ?? active ?? savedAt.toISOString();
  const changes: [string, string | undefined][] = [
    ['createdAt', created ?? fallback],
    ['lastActivity', active ?? fallback],
  ];
  for (const field of ['endedAt', 'deletedAt']) {
    // What was destroyed at an unreadable time was destroyed all the same.
    if (fields[field] !== undefined) changes.push([field, toTime(fields[field]) ?? fallback]);
  }
  return changes
    .filter(([field, time]) => fields[field] !== time)
    .map(([field, time]) => [field, time, `${field} was set to ${time}`]);
};

const repairStatus: Repair = ({ status }) => {
  if (sessionStatuses.some((known) => known === status)) return [];
  const meant = (typeof status === 'string' && knownStatuses[status]) || 'idle';
  return [['status', meant, `the unknown status ${JSON.stringify(status) ?? ''} became ${meant}`.replace('  ', ' ')]];
};

const repairPath: Repair = ({ worktreePath }, { root, resolve }) => {
  if (typeof worktreePath !== 'string' || worktreePath === '') return [];
  const isValid = v.safeParse(sessionRecordSchema.entries.worktreePath, worktreePath).success;
  if (isValid) return [];
  const absolute = resolve(root, worktreePath);
  return [['worktreePath', absolute, `the relative path ${worktreePath} became ${absolute}`]];
};

const repairName: Repair = ({ name }) => {
  if (typeof name !== 'string' || v.safeParse(sessionRecordSchema.entries.name, name).success) return [];
  const safe = toSafeName(name);
  return safe ? [['name', safe, `the name became “${safe}”`]] : [];
};

/** It stays the newest copy, be it a tombstone, and can be counted on from. */
const repairRevision: Repair = ({ revision }) =>
  typeof revision === 'number' && revision > maxRevision
    ? [['revision', maxRevision / 2, `the revision ${revision} became ${maxRevision / 2}`]]
    : [];

const addDefaults: Repair = (fields) =>
  defaults
    .filter(([field]) => fields[field] === undefined)
    .map(([field, value]) => [field, value(fields), `${field} was missing`]);

/** A field that may be absent and makes no sense is as good as absent; the damaged file is kept. */
const dropOptional: Repair = (fields) => {
  const { entries } = sessionRecordSchema;
  const isBad = (field: string) =>
    fields[field] !== undefined && !v.safeParse(entries[field as keyof typeof entries], fields[field]).success;
  return optionalFields.filter(isBad).map((field) => [field, undefined, `${field} made no sense and was left out`]);
};

/** The time in UTC, as every reader compares it; undefined for what is no time. */
function toTime(value: unknown): string | undefined {
  if (v.safeParse(sessionRecordSchema.entries.createdAt, value).success) return value as string;
  const time = typeof value === 'string' || typeof value === 'number' ? new Date(value) : undefined;
  return time && !Number.isNaN(time.getTime()) && time.getTime() > 0 ? time.toISOString() : undefined;
}

/** The library's own messages are made for programmers. */
function describe(issue: v.BaseIssue<unknown>): string {
  const field = v.getDotPath(issue) ?? 'it';
  return issue.message.startsWith('Invalid ')
    ? `its field “${field}” makes no sense`
    : `${field}: ${issue.message.replace(/\.$/, '')}`;
}
