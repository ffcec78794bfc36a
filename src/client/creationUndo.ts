import { describeError, HoldfastError, toErrorShape } from '../base/errors.ts';
import { isRunning } from '../core/sessionRecord.ts';
import type { NewWorktree } from '../node/worktree.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { HelperClient } from './helperClient.ts';

/** What there is of a session whose creation failed. */
export interface UnfinishedSession {
  record?: SessionRecord;
  worktree?: Pick<NewWorktree, 'undo'>;
  /** Puts the former tag of a worktree back that is adopted. */
  putBackTag?: () => Promise<void>;
  /** Its process may run. */
  isStarted?: boolean;
}

export interface UndoContext {
  helper: HelperClient;
  keep: (record: SessionRecord) => Promise<SessionRecord>;
}

/** What could not be undone, or must not be. */
interface Remains {
  /** For the user, in whole sentences. */
  text: string;
  data: Record<string, unknown>;
}

/**
 * Removes what the creation has made, and returns its error, which says what stays: a session whose process may
 * run, with everything it has; a worktree in which work was done meanwhile.
 */
export async function undoCreation(context: UndoContext, made: UnfinishedSession, error: unknown): Promise<unknown> {
  const remains = await undo(context, made);
  return remains ? withRemains(error, remains) : error;
}

async function undo(
  context: UndoContext,
  { record, worktree, putBackTag, isStarted }: UnfinishedSession,
): Promise<Remains | undefined> {
  if (!record) return undefined;
  const obstacle = isStarted ? await stop(context, record) : undefined;
  if (obstacle !== undefined) return keptSession(record, obstacle);
  // Once it is forgotten, no other window can start it in the worktree that goes.
  const refusal = await forget(context, record);
  if (isRefused(refusal)) return keptSession(record, describeError(refusal));
  const kept = await worktree?.undo();
  await putBackTag?.().catch(() => undefined);
  // A full disk may have room for it now.
  const isListed = refusal !== undefined && (await forget(context, record)) !== undefined;
  const texts = [
    ...(kept ? [`Its worktree was kept (${kept.reason}): ${kept.path}.`] : []),
    ...(isListed ? [`“${record.name}” is still in the list, from which you can destroy it.`] : []),
  ];
  return texts.length > 0 ? { text: texts.join(' '), data: kept ? { kept } : {} } : undefined;
}

/** Why the process may run on; undefined once it is known not to. */
async function stop({ helper }: UndoContext, { id }: SessionRecord): Promise<string | undefined> {
  try {
    return isRunning(await helper.stop(id, 0)) ? 'it still runs' : undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    return error instanceof HoldfastError ? error.text : describeError(error);
  }
}

/** The error of an attempt to make the record a tombstone. */
async function forget({ helper, keep }: UndoContext, record: SessionRecord): Promise<unknown> {
  try {
    const tombstone = await helper.delete(record);
    // The helper has it for good, whatever becomes of this window's copy.
    await keep(tombstone).catch(() => undefined);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Only a session that does not run can be destroyed, as another window has just done. */
function isGone(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === 'SESSION_NOT_FOUND';
}

/** Another window has started it. */
function isRefused(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === 'SESSION_RUNNING';
}

function keptSession({ id, name, branch, worktreePath }: SessionRecord, obstacle: string): Remains {
  const what = branch ? ` with its worktree ${worktreePath}` : '';
  const text = `“${name}” was kept${what}, for its process may run: ${obstacle}`;
  const reason = 'its process may run';
  return { text, data: { id, ...(branch ? { kept: { path: worktreePath, reason } } : {}) } };
}

/** An error that ends by promising that nothing was made or changed says so no longer. */
function withRemains(error: unknown, { text, data }: Remains): HoldfastError {
  const shape = toErrorShape(error);
  const message = shape.message.replace(/ Nothing was \w+\.$/, '').replace(/\.?$/, '.');
  return new HoldfastError(shape.code, `${message} ${text}`, {
    ...(shape.advice === undefined ? {} : { advice: shape.advice }),
    data: { ...shape.data, ...data },
    cause: error,
  });
}
