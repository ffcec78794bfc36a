import { describeError } from '../base/errors.ts';
import { writeJson } from '../node/durableFile.ts';
import { exists } from '../node/exists.ts';
import type { KeptLock } from '../node/keptLock.ts';
import type { Log } from '../node/log.ts';
import type { HostExit, HostFile } from '../protocol/hostMessages.ts';

export interface HostFilesOptions {
  /** Where the host's own file is kept. */
  path: string;
  content: HostFile;
  lock: KeptLock;
  /** From its exit on, a session's files are written by those who note it. */
  host: { readonly exit: HostExit | undefined };
  /** Writes the session's other files anew. */
  restoreOthers: () => Promise<void>;
  log: Log;
}

/** What a living host has on disk, so that helpers find it and start no second one; brought back where it was deleted. */
export class HostFiles {
  readonly #options: HostFilesOptions;
  /** What was last noted, which is not noted again at each look. */
  #problem: string | undefined;

  constructor(options: HostFilesOptions) {
    this.#options = options;
  }

  async check(): Promise<void> {
    try {
      this.#note(await this.#restore());
    } catch (error) {
      this.#note(describeError(error));
    }
  }

  /** Writes down what has changed in the content. */
  async rewrite(): Promise<void> {
    const { path, content, host, log } = this.#options;
    if (host.exit) return;
    await writeJson(path, content).catch((error) => log.warn('The host’s file could not be written', { path, error }));
  }

  /** Returns what keeps it from that. */
  async #restore(): Promise<string | undefined> {
    const { path, content, lock, host, restoreOthers, log } = this.#options;
    if (host.exit || (await areThere([path, lock.file]))) return undefined;
    const held = await lock.check();
    if (held.state === 'lost') return `process ${held.owner.pid} holds the lock`;
    if (host.exit || (await exists(path))) return undefined;
    await writeJson(path, content);
    await restoreOthers();
    log.warn('The files of the session were gone and were written again', { file: path });
    return undefined;
  }

  #note(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    if (problem) this.#options.log.warn('The files of the session cannot be looked after', { problem });
  }
}

async function areThere(files: readonly string[]): Promise<boolean> {
  return (await Promise.all(files.map(exists))).every(Boolean);
}
