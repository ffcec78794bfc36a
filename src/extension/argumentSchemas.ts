import * as v from 'valibot';
import { policyChoiceSchema } from '../client/sessionChoices.ts';
import { mergeWays } from '../core/mergePlan.ts';
import { worktreeRepairs } from '../core/worktreeSituation.ts';

const flag = v.optional(v.boolean());
const text = v.optional(v.string());
const ids = v.optional(v.array(v.string()));

/** What commands and the API take. A key that is not known is refused: a misspelled one could do more than was meant. */
export const newSessionSchema = v.strictObject({
  name: text,
  branch: text,
  baseBranch: text,
  base: v.optional(v.picklist(['head', 'default'])),
  fetch: flag,
  adoptWorktree: text,
  submodules: flag,
  command: v.optional(v.union([v.string(), v.array(v.string())])),
  cwd: text,
  env: v.optional(v.record(v.string(), v.string())),
  show: flag,
  worktree: flag,
  policy: v.optional(policyChoiceSchema),
  resumeCommand: v.optional(v.union([v.string(), v.array(v.string())])),
});

export const nothingSchema = v.strictObject({});
export const targetSchema = v.strictObject({ id: v.string() });
export const destroyOptionsSchema = v.strictObject({
  worktree: v.optional(v.picklist(['archive', 'keep', 'remove'])),
  skipTeardown: flag,
});
export const destroySchema = v.strictObject({ id: v.string(), ...destroyOptionsSchema.entries });
export const overlapSchema = v.strictObject({ id: text });
export const logSchema = v.strictObject({ id: text });
export const restartOptionsSchema = v.strictObject({ setup: v.optional(v.picklist(['run', 'skip'])) });
export const nameSchema = v.strictObject({ name: v.string() });
export const renameSchema = v.strictObject({ id: v.string(), name: text });
export const restoreSchema = v.strictObject({ id: v.string(), sessionIds: ids });
export const saveSchema = v.strictObject({ id: v.string(), note: text });
export const loadOptionsSchema = v.strictObject({ start: flag, show: flag });
export const loadSchema = v.strictObject({ id: v.string(), ...loadOptionsSchema.entries });
export const fileSchema = v.strictObject({ file: v.string() });
const fileOptions = { includeEnv: flag, force: flag };
export const exportOptionsSchema = v.strictObject({ ...fileOptions, sessionIds: ids });
export const exportSchema = v.strictObject({ ...fileSchema.entries, ...exportOptionsSchema.entries });
export const exportOneSchema = v.strictObject({ ...fileSchema.entries, ...fileOptions, id: v.string() });
export const importOptionsSchema = v.strictObject({ salvage: flag, start: flag });
export const importSchema = v.strictObject({ ...fileSchema.entries, ...importOptionsSchema.entries });
export const doctorSchema = v.strictObject({ fix: flag });
export const repairSchema = v.strictObject({
  id: v.string(),
  repair: v.picklist(worktreeRepairs),
  path: text,
});
export const leftoverSchema = v.strictObject({
  sessionId: v.string(),
  pid: v.pipe(v.number(), v.integer()),
  action: v.picklist(['end', 'adopt']),
});
export const cleanUpSchema = v.strictObject({
  olderThanDays: v.pipe(v.number(), v.minValue(0)),
  dryRun: flag,
});
export const mergeOptionsSchema = v.strictObject({ into: text, how: v.optional(v.picklist(mergeWays)), message: text });
export const mergeSchema = v.strictObject({ id: v.string(), ...mergeOptionsSchema.entries });
export const commitSchema = v.strictObject({ id: v.string(), message: v.string() });
export const pushOptionsSchema = v.strictObject({ remote: text });
export const pushSchema = v.strictObject({ id: v.string(), ...pushOptionsSchema.entries });
