import type { SessionFiles } from './sessionFiles.ts';

/** Notices hosts that write their file late, as they do when it was deleted; each look costs one `stat` a session. */
export class AppearedHosts {
  readonly #files: SessionFiles;
  /** By session; milliseconds since 1970. */
  readonly #writtenAt = new Map<string, number>();

  constructor(files: SessionFiles) {
    this.#files = files;
  }

  /** Those of the sessions whose host has written its file since the last look. */
  async find(ids: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    for (const id of ids) {
      const writtenAt = await this.#files.hostWrittenAt(id);
      if (writtenAt !== undefined && writtenAt !== this.#writtenAt.get(id)) found.push(id);
      if (writtenAt === undefined) this.#writtenAt.delete(id);
      else this.#writtenAt.set(id, writtenAt);
    }
    return found;
  }

  forget(id: string): void {
    this.#writtenAt.delete(id);
  }
}
