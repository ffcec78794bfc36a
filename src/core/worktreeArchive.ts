import * as v from 'valibot';
import { type SessionRecord, sessionRecordSchema, timestamp } from '../protocol/sessionRecord.ts';
import { isIntact, sealed } from './checksum.ts';
import { parseText } from './jsonText.ts';
import { commitSchema } from './savedSession.ts';

/** Where the archives of worktrees are; each is a commit under the id of its session. */
export const archiveRefs = 'refs/holdfast/archive/';

/** What an archive's commit holds: the first two are JSON, the others folders of what they are named after. */
export const archiveParts = {
  /** See {@link ArchiveAbout}. */
  about: 'archive.json',
  /** See {@link ArchiveLists}. */
  lists: 'files.json',
  /** The files of the worktree that its index does not tell of, as they were, byte for byte. */
  files: 'files',
  /** The files of git's own folder for the worktree. */
  git: 'git',
  /** What was staged. */
  staged: 'staged',
  /** The sides of conflicts, by stage and path. */
  unmerged: 'unmerged',
  /** What git's notes name beside commits. */
  objects: 'objects',
} as const;

const counts = v.object({
  uncommitted: v.number(),
  untracked: v.number(),
  /** Ignored files that are in the archive. */
  ignored: v.number(),
  /** Commits that the base did not have. */
  unmerged: v.number(),
});

const version = v.pipe(v.string(), v.regex(/^1\.\d+/));

const aboutFields = v.object({
  archivedAt: timestamp,
  /** Without its environment, which may hold secrets. */
  session: sessionRecordSchema,
  /** Where the session's branch was; absent where it was gone. */
  tip: v.optional(commitSchema),
  /** What was checked out. */
  head: v.object({ ref: v.optional(v.string()), commit: v.optional(commitSchema) }),
  /** Of the worktree, and git's own folder for it: absolute. */
  path: v.string(),
  gitDir: v.optional(v.string()),
  /** What was under way, such as `rebase`. */
  operation: v.optional(v.string()),
  /** What the repository's settings said of the branch, as git names it, each with its value. */
  branchSettings: v.array(v.tuple([v.string(), v.string()])),
  counts,
});

/** What an archive is of. */
export type ArchiveAbout = v.InferOutput<typeof aboutFields>;

const aboutSchema = v.looseObject({ version, kind: v.literal('worktree-archive'), ...aboutFields.entries });

/** Relative, with slashes; nothing leads out of the worktree. */
const inside = v.pipe(
  v.string(),
  v.check((path) => path.split('/').every((name) => !['', '.', '..'].includes(name))),
);

const storedFile = v.object({
  path: inside,
  kind: v.picklist(['file', 'link']),
  /** Permission bits. */
  mode: v.number(),
});

const listFields = v.object({
  files: v.array(storedFile),
  git: v.array(storedFile),
  /** Tracked files that were not there. */
  absent: v.array(v.string()),
  emptyFolders: v.array(inside),
  emptyGitFolders: v.array(inside),
});

/** The paths that an archive tells of. */
export type ArchiveLists = v.InferOutput<typeof listFields>;

const listsSchema = v.looseObject({ version, ...listFields.entries });

export function serializeAbout(about: ArchiveAbout): string {
  return seal({ version: '1.0', kind: 'worktree-archive', ...about });
}

export function serializeLists(lists: ArchiveLists): string {
  return seal({ version: '1.0', ...lists });
}

/** What came of reading a part of an archive; `problem` is the end of a sentence. */
export type Opened<T> = { state: 'sound'; content: T } | { state: 'damaged' | 'newer'; problem: string };

export function openAbout(text: string): Opened<ArchiveAbout> {
  return open(aboutSchema, text);
}

export function openLists(text: string): Opened<ArchiveLists> {
  return open(listsSchema, text);
}

/** The record as an archive holds it. */
export function archivedRecord(record: SessionRecord): SessionRecord {
  const { env: _, ...metadata } = record.metadata ?? {};
  return { ...record, metadata };
}

/** Invisible characters that some file systems leave out when they compare names. */
const ignorable = /[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

/**
 * A path as the archive's own trees have it: git allows none of its own names there, in any spelling that a file system
 * takes for them.
 */
export function archivedPath(path: string): string {
  return path.split('/').map(escaped).join('/');
}

function escaped(name: string): string {
  const plain = name.replace(ignorable, '').toLowerCase();
  return /^(?:\.git|git~|%)/.test(plain) ? `%${name}` : name;
}

function seal(fields: Record<string, unknown>): string {
  return `${JSON.stringify(sealed({ ...fields, sha256: '' }), undefined, 1)}\n`;
}

function open<T>(schema: v.GenericSchema<unknown, T>, text: string): Opened<T> {
  let fields: unknown;
  try {
    fields = parseText(text);
  } catch {
    return { state: 'damaged', problem: 'it is not whole JSON' };
  }
  if (!v.is(v.record(v.string(), v.unknown()), fields)) return { state: 'damaged', problem: 'it is no archive' };
  if (!isIntact(fields)) return { state: 'damaged', problem: 'its checksum is wrong' };
  const { version } = fields;
  if (typeof version === 'string' && Number.parseInt(version, 10) > 1) {
    return { state: 'newer', problem: `a newer version of Holdfast wrote it (${version})` };
  }
  const content = v.safeParse(schema, fields);
  if (content.success) return { state: 'sound', content: content.output };
  return { state: 'damaged', problem: `its field “${v.getDotPath(content.issues[0])}” makes no sense` };
}
