import { stat } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { describeError, HoldfastError, systemErrorCode } from '../base/errors.ts';
import { parseText } from '../core/jsonText.ts';
import { type ExportedSession, openExport } from '../core/sessionExport.ts';
import { isMissing, writeDurable } from '../node/durableFile.ts';
import { readRegularFile } from '../node/regularFile.ts';
import { requireFolder, type Workplace } from '../node/repository.ts';

/** No list of sessions is so large; bytes. */
const maxFileSize = 64 * 1024 * 1024;

/**
 * Writes an export, to last. A file that is there is replaced only with `force`, and nothing but a file ever is.
 *
 * @throws {HoldfastError} `INVALID_ARGUMENT`, `UNSAFE_FILE`, `NO_FOLDER`, `DISK_FULL`, `STORAGE_NOT_WRITABLE`
 */
export async function writeExport(file: string, text: string, { force = false } = {}): Promise<void> {
  await requireFolder(path.dirname(file)).catch((error) => {
    throw noPlaceFor(file, error);
  });
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
    throw new HoldfastError('INVALID_ARGUMENT', `The file ${file} exists already. Nothing was written.`, {
      advice: 'Choose another name, or say that it may be replaced.',
      data: { file, exists: true },
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
  refuseOthers(file, text);
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

async function readText(file: string): Promise<{ text: string; savedAt: Date }> {
  try {
    const text = (await readRegularFile(file, maxFileSize)).toString('utf8');
    return { text, savedAt: (await stat(file)).mtime };
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'UNSAFE_FILE') throw await unsuitable(file, error);
    throw notReadable(file, error);
  }
}

/** Files that are no list of sessions at all, which is no damage. */
function refuseOthers(file: string, text: string): void {
  const content = parseJson(text);
  if (content === undefined) return;
  const kind = v.safeParse(v.object({ kind: v.literal('saved'), id: v.string() }), content);
  if (kind.success) {
    throw new HoldfastError('INVALID_ARGUMENT', `${file} is a saved session, and no export. Nothing was changed.`, {
      advice: `Bring it back with “holdfast saved load ${kind.output.id}” or “Holdfast: Restore Saved Session…”.`,
      data: { file, savedId: kind.output.id },
    });
  }
  if (v.is(v.union([v.object({ sessions: v.unknown() }), v.object({ sha256: v.unknown() })]), content)) return;
  throw new HoldfastError('INVALID_ARGUMENT', `${file} holds no list of sessions. Nothing was changed.`, {
    advice: 'Take an export, a backup, or the session list of a window.',
    data: { file },
  });
}

/** Undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return parseText(text);
  } catch {
    return undefined;
  }
}

/** What the user has chosen is theirs: it is not to be moved away. */
async function unsuitable(file: string, cause: HoldfastError): Promise<HoldfastError> {
  const entry = await stat(file).catch(() => undefined);
  const isLarge = entry?.isFile() === true;
  const what = isLarge ? `larger than ${maxFileSize / 1024 / 1024} MB` : entry?.isDirectory() ? 'a folder' : 'no file';
  return new HoldfastError(isLarge ? 'INVALID_ARGUMENT' : 'UNSAFE_FILE', `${file} cannot be read: it is ${what}.`, {
    advice: isLarge ? 'No list of sessions is so large; check its name.' : 'Give the name of a file that was exported.',
    data: { file },
    cause,
  });
}

function noPlaceFor(file: string, error: unknown): unknown {
  if (!(error instanceof HoldfastError) || error.code !== 'NO_FOLDER') return error;
  return new HoldfastError('NO_FOLDER', `${error.message} Nothing was written.`, {
    advice: 'Make it first, or choose another one.',
    data: { ...error.data, file },
    cause: error,
  });
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
