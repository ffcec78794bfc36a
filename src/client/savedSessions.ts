import { randomUUID } from 'node:crypto';
import { readdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError, systemErrorCode } from '../base/errors.ts';
import {
  isSavedId,
  type ListedSession,
  maxNoteLength,
  type OpenedSession,
  openSaved,
  type SavedSession,
  serializeSaved,
} from '../core/savedSession.ts';
import { isMissing, previousVersion, syncFolder, toStorageError, writeDurable } from '../node/durableFile.ts';
import { git, tryGit } from '../node/git.ts';
import { readRegularFile } from '../node/regularFile.ts';
import { resolveCommit, type Workplace } from '../node/repository.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

export interface SavedSessionsOptions {
  /** `savedFolder` of the repository's places, which windows and the command line share. */
  folder: string;
  workplace: Workplace;
}

const extension = '.json';

/** The sessions that the user has saved, each in two copies; see `sessionRestoration.ts` for how one comes back. */
export class SavedSessions {
  readonly #folder: string;
  readonly #workplace: Workplace;

  constructor({ folder, workplace }: SavedSessionsOptions) {
    this.#folder = folder;
    this.#workplace = workplace;
  }

  /**
   * Saves a session as it is now, beside what was saved of it before. What is not committed stays in its worktree.
   *
   * @throws {HoldfastError} `INVALID_ARGUMENT` for what could not be loaded again; `DISK_FULL`, `STORAGE_NOT_WRITABLE`, `GIT_MISSING`, `GIT_FAILED`; nothing is saved then.
   */
  async save(record: SessionRecord, { note }: { note?: string | undefined } = {}): Promise<SavedSession> {
    const commit = await this.#commitOf(record);
    const saved: SavedSession = {
      state: 'sound',
      id: randomUUID(),
      sessionId: record.id,
      name: record.name,
      savedAt: new Date().toISOString(),
      ...(note === undefined ? {} : { note }),
      ...(commit === undefined ? {} : { commit }),
      record,
    };
    requireLoadable(saved);
    if (commit !== undefined) await git(['update-ref', refOf(saved.id), commit], { cwd: this.#workplace.root });
    await this.#write(saved).catch(async (error) => {
      await this.#letGo(saved.id);
      throw error;
    });
    return saved;
  }

  /** @throws {HoldfastError} `SAVED_SESSION_NOT_FOUND`, `DAMAGED_FILE`, `NEWER_FORMAT` */
  async load(id: string): Promise<SavedSession> {
    const saved = await this.#require(id);
    if (saved.state === 'sound') return saved;
    const data = { id, file: this.#file(id) };
    const text = `The saved session ${id} cannot be read: ${saved.problem}. Nothing was changed.`;
    if (saved.state === 'newer') throw new HoldfastError('NEWER_FORMAT', text, { advice: 'Update Holdfast.', data });
    throw new HoldfastError('DAMAGED_FILE', text, { advice: 'Load another one, or delete it.', data });
  }

  /** Newest first; one that cannot be read is among them, and `state` says so. */
  async list(): Promise<ListedSession[]> {
    const names = await readdir(this.#folder).catch((error) => {
      if (isMissing(error)) return [];
      throw toStorageError(error, this.#folder);
    });
    const ids = new Set(names.map((name) => name.split('.')[0] as string).filter(isSavedId));
    const found = await Promise.all([...ids].map((id) => this.#read(id)));
    return found.filter((saved) => saved !== undefined).sort(newestFirst);
  }

  /**
   * Deletes what was saved, and nothing else. Returns what that was, which cannot always be read.
   *
   * @throws {HoldfastError} `SAVED_SESSION_NOT_FOUND`, `STORAGE_NOT_WRITABLE`
   */
  async delete(id: string): Promise<ListedSession> {
    const saved = await this.#require(id);
    try {
      for (const file of this.#copies(id)) await unlink(file).catch(ignoreMissing);
      await syncFolder(this.#folder);
    } catch (error) {
      throw toStorageError(error, this.#file(id));
    }
    await this.#letGo(id);
    return saved;
  }

  /** The copy is there first, so that wherever this is cut short the session is saved whole or not at all. */
  async #write(saved: SavedSession): Promise<void> {
    const [file, copy] = this.#copies(saved.id);
    const text = serializeSaved(saved);
    try {
      await writeDurable(copy, text);
      await writeDurable(file, text);
    } catch (error) {
      await Promise.all([file, copy].map((name) => unlink(name).catch(() => undefined)));
      throw notSaved(saved, error);
    }
  }

  /** Where that fails, git keeps a commit that nobody needs. */
  async #letGo(id: string): Promise<void> {
    const { kind, root } = this.#workplace;
    if (kind === 'git') await tryGit(['update-ref', '-d', refOf(id)], { cwd: root }).catch(() => undefined);
  }

  async #require(id: string): Promise<ListedSession> {
    const saved = isSavedId(id) ? await this.#read(id) : undefined;
    if (saved) return saved;
    throw new HoldfastError('SAVED_SESSION_NOT_FOUND', `There is no saved session ${id}.`, { data: { id } });
  }

  /** What the first sound copy says, else why there is none; undefined where nothing is saved under that id. */
  async #read(id: string): Promise<ListedSession | undefined> {
    let first: Exclude<OpenedSession, { state: 'sound' }> | undefined;
    for (const file of this.#copies(id)) {
      const opened = await readSaved(file, id);
      if (opened?.state === 'sound') return first ? { ...opened.saved, problem: first.problem } : opened.saved;
      first ??= opened;
    }
    return first && { ...first, id, savedAt: await this.#writtenAt(id) };
  }

  async #writtenAt(id: string): Promise<string> {
    const times = await Promise.all(this.#copies(id).map((file) => stat(file).catch(() => undefined)));
    return (times.find((entry) => entry !== undefined)?.mtime ?? new Date(0)).toISOString();
  }

  async #commitOf({ branch }: SessionRecord): Promise<string | undefined> {
    const { kind, root } = this.#workplace;
    return kind === 'git' && branch ? resolveCommit(root, `refs/heads/${branch}`) : undefined;
  }

  #file(id: string): string {
    return path.join(this.#folder, id + extension);
  }

  #copies(id: string): [file: string, copy: string] {
    return [this.#file(id), previousVersion(this.#file(id))];
  }
}

async function readSaved(file: string, id: string): Promise<OpenedSession | undefined> {
  try {
    return openSaved((await readRegularFile(file)).toString('utf8'), id);
  } catch (error) {
    if (isMissing(error)) return undefined;
    const reason = error instanceof HoldfastError ? 'it is no regular file' : systemErrorCode(error);
    return { state: 'damaged', problem: `it cannot be read (${reason})` };
  }
}

function requireLoadable(saved: SavedSession): void {
  const { id, name, note = '' } = saved;
  const opened = note.length > maxNoteLength ? undefined : openSaved(serializeSaved(saved), id);
  if (opened?.state === 'sound') return;
  const reason = opened?.problem ?? `its note is longer than ${maxNoteLength} characters`;
  throw new HoldfastError('INVALID_ARGUMENT', `“${name}” was not saved: ${reason}.`, { data: { id: saved.sessionId } });
}

function notSaved({ name, sessionId }: SavedSession, error: unknown): unknown {
  if (!(error instanceof HoldfastError)) return error;
  return new HoldfastError(error.code, `“${name}” was not saved: ${error.message}`, {
    ...(error.advice === undefined ? {} : { advice: error.advice }),
    data: { ...error.data, id: sessionId },
    cause: error,
  });
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

function newestFirst(a: ListedSession, b: ListedSession): number {
  return a.savedAt > b.savedAt ? -1 : a.savedAt < b.savedAt ? 1 : a.id < b.id ? -1 : 1;
}

/** Keeps git from pruning the commit of a saved session whose branch was deleted. */
function refOf(id: string): string {
  return `refs/holdfast/saved/${id}`;
}
