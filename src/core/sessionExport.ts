import * as v from 'valibot';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { type RepairContext, repairRecord } from './recordRepair.ts';
import { openRegistry, serializeRegistry } from './registryDocument.ts';
import { commitSchema, type RestorableSession } from './savedSession.ts';
import { isLive } from './sessionRecord.ts';

/** How much of a name a sentence holds; characters. */
const maxNameLength = 60;

/** What tells a person on another machine which repository the sessions are of. */
export interface ExportedRepository {
  /** Of its folder. */
  name: string;
  /** Where it was cloned from, without user and password. */
  remote?: string;
}

export interface ExportContent {
  /** Of the repository. */
  key: string;
  exportedAt: Date;
  repository: ExportedRepository;
  sessions: readonly RestorableSession[];
  /** Values of variables go into the file, too. */
  includeEnv: boolean;
}

/** Names of a session's variables whose values are not in a file. */
export type LeftOut = Record<string, string[]>;

/** A session of a file, and what the user should know about it. */
export interface ExportedSession extends RestorableSession {
  /** What had to be put right in its record, as sentences without a stop. */
  repairs: string[];
  /** Variables that it had when it was exported, and that the file does not hold. */
  leftOut: string[];
}

/** What came of reading a file of sessions. */
export type OpenedExport = ({ state: 'sound' } | { state: 'damaged' | 'newer'; problem: string }) & {
  /** Those that can be used; of a damaged file those that are proven to be as they were written. */
  sessions: ExportedSession[];
  /** What of the others is wrong, as sentences without a stop. */
  problems: string[];
};

/** The text of an export: a registry file that says more, so that whatever reads the one reads the other. */
export function serializeExport(content: ExportContent): { text: string; leftOut: LeftOut } {
  const { key, exportedAt, repository, sessions, includeEnv } = content;
  const records = sessions.map(({ record }) => (includeEnv ? record : withoutVariables(record)));
  const leftOut = includeEnv ? {} : namesOfVariables(sessions);
  const text = serializeRegistry({
    key,
    generation: 0,
    savedAt: exportedAt,
    records,
    unknownFields: {
      kind: 'export',
      exportedAt: exportedAt.toISOString(),
      repository,
      commits: Object.fromEntries(sessions.flatMap(({ record, commit }) => (commit ? [[record.id, commit]] : []))),
      leftOut,
    },
  });
  return { text, leftOut };
}

const extrasSchema = v.object({
  commits: v.optional(v.record(v.string(), commitSchema), {}),
  leftOut: v.optional(v.record(v.string(), v.array(v.string())), {}),
});

/** Reads an export, or any other file in which sessions are listed; never throws. */
export function openExport(text: string, context: RepairContext): OpenedExport {
  const opened = openRegistry(text);
  if (opened.state === 'damaged') {
    const { sessions, problems } = readSessions(opened.sound, {}, context);
    const doubtful = opened.doubtful.map((session) => `${nameOf(session)} is not as it was written`);
    return { state: 'damaged', problem: opened.reason, sessions, problems: [...problems, ...doubtful] };
  }
  const { document } = opened;
  const read = readSessions(document.sessions, document.unknownFields, context);
  if (opened.state === 'newer')
    return { state: 'newer', problem: `a newer version wrote it (${opened.version})`, ...read };
  const [problem] = read.problems;
  if (problem === undefined) return { state: 'sound', ...read };
  return { state: 'damaged', problem, ...read };
}

/** What was destroyed does not come back from a list that remembers it. */
function readSessions(values: readonly unknown[], extras: Record<string, unknown>, context: RepairContext) {
  const known = v.safeParse(extrasSchema, extras);
  const { commits, leftOut } = known.success ? known.output : { commits: {}, leftOut: {} };
  const sessions: ExportedSession[] = [];
  const problems: string[] = [];
  for (const value of values) {
    const repaired = repairRecord(value, context);
    if ('problem' in repaired) {
      problems.push(`${nameOf(value)} cannot be used: ${repaired.problem}`);
      continue;
    }
    const { record, repairs } = repaired;
    if (!isLive(record)) continue;
    const twin = sessions.find((session) => session.record.id === record.id);
    if (twin) problems.push(`${nameOf(record)} cannot be used: it has the id of ${nameOf(twin.record)}`);
    else sessions.push(exported(record, { repairs, commits, leftOut }));
  }
  return { sessions, problems };
}

interface Extras {
  repairs: string[];
  commits: Record<string, string>;
  leftOut: LeftOut;
}

function exported(record: SessionRecord, { repairs, commits, leftOut }: Extras): ExportedSession {
  const commit = commits[record.id];
  return { record, ...(commit === undefined ? {} : { commit }), repairs, leftOut: leftOut[record.id] ?? [] };
}

function nameOf(value: unknown): string {
  const { name, id } = (typeof value === 'object' && value ? value : {}) as Record<string, unknown>;
  return typeof name === 'string'
    ? `“${shorten(name)}”`
    : `the session ${typeof id === 'string' ? id : 'without a name'}`;
}

/** A file can hold names of any length. */
function shorten(name: string): string {
  return name.length <= maxNameLength ? name : `${name.slice(0, maxNameLength - 1)}…`;
}

function withoutVariables(record: SessionRecord): SessionRecord {
  if (record.metadata?.env === undefined) return record;
  const { env: _, ...metadata } = record.metadata;
  return { ...record, metadata };
}

function namesOfVariables(sessions: readonly RestorableSession[]): LeftOut {
  const named = sessions.map(({ record }) => [record.id, Object.keys(record.metadata?.env ?? {})] as const);
  return Object.fromEntries(named.filter(([, names]) => names.length > 0));
}
