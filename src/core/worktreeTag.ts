import * as v from 'valibot';
import { type SessionRecord, sessionRecordSchema } from '../protocol/sessionRecord.ts';

const { id, name, branch, baseBranch, worktreePath, createdAt, cwd, command, template, policy } =
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
});
export type WorktreeTag = v.InferOutput<typeof worktreeTagSchema>;

/** The tag for a session's worktree in the repository of that key. */
export function tagOf(record: SessionRecord, key: string): WorktreeTag {
  const { id, name, branch, baseBranch, createdAt, worktreePath, cwd, command, template, policy, metadata } = record;
  const where = { worktreePath, ...(cwd === undefined ? {} : { cwd }) };
  const ownsBranch = metadata?.ownsBranch === true;
  return {
    version: '1.0',
    id,
    name,
    branch,
    baseBranch,
    createdAt,
    key,
    ...where,
    command,
    template,
    policy,
    ownsBranch,
  };
}

/** What a newer version has put into a tag. */
export function unknownFields(tag: WorktreeTag): Record<string, unknown> {
  return Object.fromEntries(Object.entries(tag).filter(([field]) => !Object.hasOwn(worktreeTagSchema.entries, field)));
}

/** The record that a tag stands for, as no helper has taken it in yet; what the tag does not say is as for a shell. */
export function recordOfTag(tag: WorktreeTag, worktreePath: string): SessionRecord {
  const { id, name, branch, baseBranch, createdAt, cwd, command = null, ownsBranch = false } = tag;
  return {
    id,
    name,
    status: 'idle',
    branch,
    baseBranch,
    worktreePath,
    ...(cwd ? { cwd } : {}),
    createdAt,
    lastActivity: createdAt,
    metadata: { ownsBranch },
    template: tag.template ?? (command === null ? 'shell' : 'command'),
    command,
    policy: tag.policy ?? { retry: 'onCrash' },
    attempts: 0,
    revision: 0,
  };
}

/** What a tag's file holds, or why it cannot be used. */
export type OpenedTag = { tag: WorktreeTag } | { problem: string };

/** Never throws. */
export function openTag(text: string): OpenedTag {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return { problem: text.trim() === '' ? 'it is empty' : 'it is not whole JSON' };
  }
  const tag = v.safeParse(worktreeTagSchema, fields);
  if (tag.success) return { tag: tag.output };
  const [issue] = tag.issues;
  const field = v.getDotPath(issue);
  return { problem: field ? `its field “${field}” makes no sense` : 'it is no tag' };
}
