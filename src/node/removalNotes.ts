import { readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { openRemoval, type RemovalNote, serializeRemoval } from '../core/removalNote.ts';
import { isMissing, syncFolder, writeDurable } from './durableFile.ts';
import { type LockAttempt, tryLock } from './lockFile.ts';
import { readRegularFile } from './regularFile.ts';

const extension = '.json';

/** The notes about worktrees that are being removed, one for each session. */
export class RemovalNotes {
  readonly #folder: string;

  /** @param folder `removalsFolder` of the repository's places. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Ids of the sessions whose worktrees are being removed. */
  async list(): Promise<string[]> {
    const names = await readdir(this.#folder).catch((error) => {
      if (isMissing(error)) return [];
      throw error;
    });
    return names.filter((name) => name.endsWith(extension)).map((name) => name.slice(0, -extension.length));
  }

  async read(id: string): Promise<RemovalNote | undefined> {
    try {
      return openRemoval((await readRegularFile(this.#file(id))).toString('utf8'));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async write(note: RemovalNote): Promise<void> {
    await writeDurable(this.#file(note.session.id), serializeRemoval(note));
  }

  async delete(id: string): Promise<void> {
    await unlink(this.#file(id)).catch((error) => {
      if (!isMissing(error)) throw error;
    });
    await syncFolder(this.#folder).catch(() => undefined);
  }

  /** Who has it removes the worktree, and nobody else. */
  lock(id: string): Promise<LockAttempt> {
    return tryLock(path.join(this.#folder, `${id}.lock`));
  }

  #file(id: string): string {
    return path.join(this.#folder, id + extension);
  }
}
