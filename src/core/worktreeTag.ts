import * as v from 'valibot';
import { type SessionRecord, sessionRecordSchema } from '../protocol/sessionRecord.ts';
import { isIntact, sealed } from './checksum.ts';

const { id, name, branch, baseBranch, baseCommit, worktreePath, createdAt, deletedAt, cwd, command, template, policy } =
  sessionRecordSchema.entries;

/**
 * What the file `holdfast.json` in a worktree's git dir says: whose worktree it is, and enough to make the session's
 * record anew. Never the environment, which may hold secrets. Loose, so that fields of a newer version survive.
 */
export const worktreeTagSchema = v.looseObject({
  version: v.pipe(v.string(), v.regex(/^1\.\d+/)),
  id,
  name,
  branch,
  baseBranch,
  baseCommit,
  createdAt,
  /** Of the repository. */
  key: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  /** Where the worktree was when it was tagged; like all below, absent in a tag of the first builds. */
  worktreePath: v.optional(worktreePath),
  cwd,
  command: v.optional(command),
  template: v.optional(template),
  policy: v.optional(policy),
  ownsBranch: v.optional(v.boolean()),
  /** False where the worktree was there before the session. */
  ownsWorktree: v.optional(v.boolean()),
  /** When the session was destroyed whose worktree was kept. */
  deletedAt,
});
export type WorktreeTag = v.InferOutput<typeof worktreeTagSchema>;

/** The tag for a session's worktree in the repository of that key. */
export function tagOf(record: SessionRecord, key: string): WorktreeTag {
  const { id, name, branch, baseBranch, createdAt, worktreePath, cwd, command, template, policy, metadata } = record;
  const { baseCommit, deletedAt } = record;
  const where = { worktreePath, ...(cwd === undefined ? {} : { cwd }) };
  const ownsBranch = metadata?.ownsBranch === true;
  return {
    version: '1.0',
    id,
    name,
    branch,
    baseBranch,
    ...(baseCommit === undefined ? {} : { baseCommit }),
    createdAt,
    key,
    ...where,
    command,
    template,
    policy,
    ownsBranch,
    ...(metadata?.ownsWorktree === false ? { ownsWorktree: false } : {}),
    ...(deletedAt === undefined ? {} : { deletedAt }),
  };
}

/** The text of a tag's file; a newer version may have added to the tag that is there for the same session. */
export function serializeTag(tag: WorktreeTag, earlier: WorktreeTag | undefined): string {
  const added = earlier?.id === tag.id ? unknownFields(earlier) : {};
  return `${JSON.stringify(sealed({ ...added, ...tag, sha256: '' }), undefined, 2)}\n`;
}

function unknownFields(tag: WorktreeTag): Record<string, unknown> {
  return Object.fromEntries(Object.entries(tag).filter(([field]) => !Object.hasOwn(worktreeTagSchema.entries, field)));
}

/** The record that a tag stands for, as no helper has taken it in yet; what the tag does not say is as for a shell. */
export function recordOfTag(tag: WorktreeTag, worktreePath: string): SessionRecord {
  const { id, name, branch, baseBranch, baseCommit, createdAt, cwd, command = null, ownsBranch = false } = tag;
  return {
    id,
    name,
    status: 'idle',
    branch,
    baseBranch,
    ...(baseCommit === undefined ? {} : { baseCommit }),
    worktreePath,
    ...(cwd ? { cwd } : {}),
    createdAt,
    lastActivity: createdAt,
    metadata: { ownsBranch, ...(tag.ownsWorktree === false ? { ownsWorktree: false } : {}) },
    template: tag.template ?? (command === null ? 'shell' : 'command'),
    command,
    policy: tag.policy ?? { retry: 'onCrash' },
    attempts: 0,
    revision: 0,
  };
}

/** What a tag's file holds, or why it cannot be used. */
export type OpenedTag = { tag: WorktreeTag } | UnusableTag;

export interface UnusableTag {
  /** As the end of a sentence. */
  problem: string;
  /** It is whole, and only a newer version understands it: it must not be replaced. */
  isNewer?: true;
}

/** Reads what {@link serializeTag} wrote, and the tags without a checksum of the first builds; never throws. */
export function openTag(text: string): OpenedTag {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return { problem: text.trim() === '' ? 'it is empty' : 'it is not whole JSON' };
  }
  if (!v.is(fieldsSchema, fields)) return { problem: 'it is no tag' };
  // A tag that is not as it was written would have another command run, or be taken for a newer version's.
  if (fields.sha256 !== undefined && !isIntact(fields)) return { problem: 'its checksum is wrong' };
  if (isNewer(fields)) {
    return { problem: `a newer version of Holdfast wrote it (${fields.version})`, isNewer: true };
  }
  const { sha256: _, ...rest } = fields;
  const tag = v.safeParse(worktreeTagSchema, rest);
  if (tag.success) return { tag: tag.output };
  const [issue] = tag.issues;
  const field = v.getDotPath(issue);
  return { problem: field ? `its field “${field}” makes no sense` : 'it is no tag' };
}

const fieldsSchema = v.record(v.string(), v.unknown());

function isNewer({ version }: Record<string, unknown>): boolean {
  return typeof version === 'string' && /^\d+\.\d+$/.test(version) && Number.parseInt(version, 10) > 1;
}
