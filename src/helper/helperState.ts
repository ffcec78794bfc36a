import { Sequencer } from '../base/async.ts';
import { writeJson } from '../node/durableFile.ts';
import { exists } from '../node/exists.ts';
import type { KeptLock } from '../node/keptLock.ts';
import type { Log } from '../node/log.ts';
import type { RepositoryPlaces } from '../node/places.ts';
import type { ServerToken } from '../node/token.ts';
import type { Registry } from './registry.ts';
import type { SessionFiles } from './sessionFiles.ts';

export interface HelperStateOptions {
  places: RepositoryPlaces;
  version: string;
  lock: KeptLock;
  token: ServerToken;
  registry: Registry;
  files: SessionFiles;
  log: Log;
}

/** What became of the helper's right to serve its repository. */
export type HelperRight = 'held' | 'retaken' | 'lost';

/** What the helper has on disk, so that there is one of it and the next one knows all; brought back where it was deleted. */
export class HelperState {
  readonly #options: HelperStateOptions;
  readonly #checks = new Sequencer();

  constructor(options: HelperStateOptions) {
    this.#options = options;
  }

  /** Says where clients find the helper. */
  async announce(): Promise<void> {
    const { places, version } = this.#options;
    await writeJson(places.helperFile, { pid: process.pid, version, socket: places.helperSocket });
  }

  /** Nothing is written where another helper has the lock: the files are then that one's. */
  check(): Promise<HelperRight> {
    return this.#checks.queue(() => this.#check());
  }

  release(): Promise<void> {
    return this.#options.lock.release();
  }

  async #check(): Promise<HelperRight> {
    const { lock, log } = this.#options;
    const right = await lock.check();
    if (right.state === 'lost') {
      log.warn('Another helper has the lock', { pid: right.owner.pid });
      return 'lost';
    }
    const written = await this.#restore(right.state === 'retaken');
    if (written.length > 0) log.warn('Files were gone and were written again', { written });
    return right.state;
  }

  async #restore(isRetaken: boolean): Promise<string[]> {
    const { places, token, registry, files } = this.#options;
    const written: string[] = isRetaken ? ['lock'] : [];
    if (await token.restore()) written.push('token');
    if (isRetaken || !(await exists(places.helperFile))) {
      await this.announce();
      written.push('helper file');
    }
    const gone = await files.withoutRecord(registry.list().records.map(({ id }) => id));
    if (gone.length === 0) return written;
    await registry.saveAgain(gone);
    return [...written, ...gone];
  }
}
