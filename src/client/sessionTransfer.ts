import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { describeError, HoldfastError, systemErrorCode } from '../base/errors.ts';
import type { RestorableSession } from '../core/savedSession.ts';
import {
  type ExportedRepository,
  type ExportedSession,
  type LeftOut,
  openExport,
  serializeExport,
} from '../core/sessionExport.ts';
import { isMissing, writeDurable } from '../node/durableFile.ts';
import { tryGit } from '../node/git.ts';
import { requireFolder, resolveCommit, type Workplace } from '../node/repository.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { CreationContext } from './sessionCreation.ts';
import { findOrigin, type RestoreOptions, type RestoreOrigin, restoreSession } from './sessionRestoration.ts';

/** No list of sessions is so large; bytes. */
const maxFileSize = 64 * 1024 * 1024;

export interface ExportOptions {
  /** Writes the values of the sessions' variables, too, which may be secret. */
  includeEnv?: boolean;
}

/**
 * The sessions as the text of one file.
 *
 * @returns `leftOut` has the names of the variables whose values are not in it, by the sessions' ids.
 * @throws {HoldfastError} `GIT_MISSING`, `NO_FOLDER`
 */
export async function exportSessions(
  workplace: Workplace,
  records: readonly SessionRecord[],
  { includeEnv = false }: ExportOptions = {},
): Promise<{ text: string; leftOut: LeftOut }> {
  const sessions = await Promise.all(records.map((record) => withCommit(workplace, record)));
  const repository = await describeRepository(workplace);
  return serializeExport({ key: workplace.key, exportedAt: new Date(), repository, sessions, includeEnv });
}

/**
 * Writes an export, to last. A file that is there is replaced only with `force`, and nothing but a file ever is.
 *
 * @throws {HoldfastError} `INVALID_ARGUMENT`, `UNSAFE_FILE`, `NO_FOLDER`, `DISK_FULL`, `STORAGE_NOT_WRITABLE`
 */
export async function writeExport(file: string, text: string, { force = false } = {}): Promise<void> {
  await requireFolder(path.dirname(file));
  const entry = await stat(file).catch((error) => {
    if (isMissing(error)) return undefined;
    throw notReadable(file, error);
  });
  if (entry && !entry.isFile()) {
    throw new HoldfastError('UNSAFE_FILE', `${file} is no file, so nothing was written.`, {
      advice: 'Choose another name.',
      data: { file },
    });
  }
  if (entry && !force) {
    throw new HoldfastError('INVALID_ARGUMENT', `The file ${file} exists already.`, {
      advice: 'Choose another name, or say that it may be replaced.',
      data: { file },
    });
  }
  await writeDurable(file, text);
}

export interface ReadOptions {
  workplace: Workplace;
  /** Takes what is sound from a file that as a whole is not. */
  salvage?: boolean;
}

/** What a file has to offer. */
export interface ReadExport {
  sessions: ExportedSession[];
  /** What is wrong with the file, and which sessions of it cannot be used, as sentences without a stop. */
  problems: string[];
}

/**
 * Reads the sessions of an export, a backup or a window's session list.
 *
 * @throws {HoldfastError} `INVALID_ARGUMENT` where it cannot be read at all, `NEWER_FORMAT`, `DAMAGED_FILE`
 */
export async function readExport(file: string, { workplace, salvage = false }: ReadOptions): Promise<ReadExport> {
  const { text, savedAt } = await readText(file);
  const opened = openExport(text, { root: workplace.root, resolve: path.resolve, savedAt });
  const { sessions, problems } = opened;
  if (opened.state === 'sound') return { sessions, problems };
  if (opened.state === 'newer') {
    const message = `${file} cannot be read: ${opened.problem}. Nothing was changed.`;
    throw new HoldfastError('NEWER_FORMAT', message, { advice: 'Update Holdfast.', data: { file } });
  }
  if (salvage && sessions.length > 0) return { sessions, problems: [...new Set([opened.problem, ...problems])] };
  const data = { file, problems, sound: sessions.map(({ record }) => record.name) };
  throw new HoldfastError('DAMAGED_FILE', `${file} is damaged: ${opened.problem}. Nothing was changed.`, {
    advice:
      sessions.length > 0
        ? `Salvage what is sound in it: ${data.sound.join(', ')}.`
        : 'No session in it is sound; take another file.',
    data,
  });
}

/** What has become of one session of a file, or would. */
export type ImportOutcome =
  /** `record` is what is in the list; of a session that is only planned, what is in the file. */
  | { state: 'imported' | 'skipped' | 'planned'; record: SessionRecord; origin: RestoreOrigin; notice?: string }
  | { state: 'failed'; error: unknown };

/** Named as in the file. */
export type ImportResult = ImportOutcome & { name: string; sessionId: string };

/** What {@link importSessions} would do, having changed nothing. */
export async function planImport(
  context: CreationContext,
  sessions: readonly ExportedSession[],
): Promise<ImportResult[]> {
  return eachInTurn(sessions, async (session) => {
    const origin = await findOrigin(context, session);
    if (origin.from === 'list') return { state: 'skipped', record: origin.record, origin };
    return { state: 'planned', record: session.record, origin };
  });
}

/**
 * Brings the sessions in, each as {@link restoreSession} does and by itself: one that fails leaves the others. They
 * are not started, unless asked for, and then the maximum of sessions does not count.
 */
export async function importSessions(
  context: CreationContext,
  sessions: readonly ExportedSession[],
  { start = false }: RestoreOptions = {},
): Promise<ImportResult[]> {
  const settings = () => (start ? context.settings() : { ...context.settings(), maxSessions: null });
  return eachInTurn(sessions, async (session) => {
    const { record, origin, notice } = await restoreSession({ ...context, settings }, session, { start });
    return { state: origin.from === 'list' ? 'skipped' : 'imported', record, origin, ...(notice ? { notice } : {}) };
  });
}

async function eachInTurn(
  sessions: readonly ExportedSession[],
  act: (session: ExportedSession) => Promise<ImportOutcome>,
): Promise<ImportResult[]> {
  const results: ImportResult[] = [];
  for (const session of sessions) {
    const { id, name } = session.record;
    const outcome = await act(session).catch((error): ImportOutcome => ({ state: 'failed', error }));
    results.push({ ...withNotes(outcome, session), name, sessionId: id });
  }
  return results;
}

/** A session that comes in says what is not as it was. */
function withNotes(outcome: ImportOutcome, { repairs, leftOut }: ExportedSession): ImportOutcome {
  if (outcome.state === 'failed' || outcome.state === 'skipped') return outcome;
  const notes = [
    ...(outcome.notice === undefined ? [] : [outcome.notice]),
    ...(repairs.length > 0 ? [`Its record was repaired: ${repairs.join('; ')}.`] : []),
    ...(leftOut.length > 0 ? [`The file has no values for its variables ${leftOut.join(', ')}.`] : []),
  ];
  return notes.length > 0 ? { ...outcome, notice: notes.join(' ') } : outcome;
}

async function withCommit({ kind, root }: Workplace, record: SessionRecord): Promise<RestorableSession> {
  const { branch } = record;
  const commit = kind === 'git' && branch ? await resolveCommit(root, `refs/heads/${branch}`) : undefined;
  return commit === undefined ? { record } : { record, commit };
}

async function describeRepository({ kind, root }: Workplace): Promise<ExportedRepository> {
  const name = path.basename(root);
  const remote = kind === 'git' ? await tryGit(['config', '--get', 'remote.origin.url'], { cwd: root }) : undefined;
  return { name, ...(remote === undefined ? {} : { remote: withoutCredentials(remote.trim()) }) };
}

function withoutCredentials(remote: string): string {
  return remote.replace(/^(\w[\w+.-]*:\/\/)[^/@]*@/, '$1');
}

async function readText(file: string): Promise<{ text: string; savedAt: Date }> {
  try {
    const { size, mtime } = await stat(file);
    if (size > maxFileSize) throw new HoldfastError('INVALID_ARGUMENT', `${file} is too large for a list of sessions.`);
    return { text: await readFile(file, 'utf8'), savedAt: mtime };
  } catch (error) {
    throw notReadable(file, error);
  }
}

function notReadable(file: string, error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const reason = isMissing(error) ? 'there is no such file' : (systemErrorCode(error) ?? describeError(error));
  return new HoldfastError('INVALID_ARGUMENT', `${file} cannot be read: ${reason}.`, {
    advice: 'Check its path and permissions.',
    data: { file },
    cause: error,
  });
}
