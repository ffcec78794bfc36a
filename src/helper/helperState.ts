import { Sequencer } from '../base/async.ts';
import { writeJson } from '../node/durableFile.ts';
import { exists } from '../node/exists.ts';
import type { Log } from '../node/log.ts';
import type { RepositoryPlaces } from '../node/places.ts';
import type { ServerToken } from '../node/token.ts';
import type { Registry } from './registry.ts';
import type { RightState, ServingRight } from './servingRight.ts';
import type { SessionFiles } from './sessionFiles.ts';

export interface HelperStateOptions {
  places: RepositoryPlaces;
  version: string;
  right: ServingRight;
  token: ServerToken;
  registry: Registry;
  files: SessionFiles;
  log: Log;
}

/** What the helper has on disk, so that there is one of it and the next one knows all; brought back where it was deleted. */
export class HelperState {
  readonly #options: HelperStateOptions;
  readonly #checks = new Sequencer();

  constructor(options: HelperStateOptions) {
    this.#options = options;
  }

  /** Says where clients find the helper. */
  async announce(): Promise<void> {
    const { places, version, right } = this.#options;
    const { epoch } = right;
    await writeJson(places.helperFile, { pid: process.pid, version, epoch, socket: places.helperSocket });
  }

  /** Nothing is written where another helper has the lock: the files are then that one's. */
  check(): Promise<RightState> {
    return this.#checks.queue(() => this.#check());
  }

  release(): Promise<void> {
    return this.#options.right.release();
  }

  async #check(): Promise<RightState> {
    const { right, log } = this.#options;
    const state = await right.check();
    if (state === 'lost') return state;
    const written = await this.#restore(state === 'retaken');
    if (written.length > 0) log.warn('Files were gone and were written again', { written });
    return state;
  }

  async #restore(isRetaken: boolean): Promise<string[]> {
    const { places, token, registry, files, right } = this.#options;
    const written: string[] = isRetaken ? ['lock'] : [];
    if (await right.restore()) written.push('epoch');
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
