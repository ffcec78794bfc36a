import { readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { isMissing, readJson, writeJson } from './durableFile.ts';

const extension = '.json';

/**
 * The variables of sessions whose worktrees are archived. They may be secret, so that they are in no commit, which could
 * be pushed, but in files of the user's own.
 */
export class ArchivedVariables {
  readonly #folder: string;

  /** @param folder `variablesFolder` of the repository's places. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param env As the session's record has it; nothing is written for none. */
  async keep(id: string, env: unknown): Promise<void> {
    if (typeof env !== 'object' || env === null || Object.keys(env).length === 0) return;
    await writeJson(this.#file(id), env);
  }

  /** Whatever is in the file; undefined where there is none. */
  read(id: string): Promise<unknown> {
    return readJson(this.#file(id));
  }

  /** Deletes those of sessions of which there is no archive. */
  async sweep(isArchived: (id: string) => boolean): Promise<void> {
    const names = await readdir(this.#folder).catch((error) => {
      if (isMissing(error)) return [];
      throw error;
    });
    const ids = names.filter((name) => name.endsWith(extension)).map((name) => name.slice(0, -extension.length));
    for (const id of ids.filter((candidate) => !isArchived(candidate))) await this.delete(id);
  }

  async delete(id: string): Promise<void> {
    await unlink(this.#file(id)).catch((error) => {
      if (!isMissing(error)) throw error;
    });
  }

  #file(id: string): string {
    return path.join(this.#folder, id + extension);
  }
}
