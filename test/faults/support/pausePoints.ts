import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { waitFor } from '../../support/waitFor.ts';

/** The named points at which a test stops the processes that it starts with {@link env}. */
export class PausePoints {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get env(): { HOLDFAST_PAUSE_FOLDER: string } {
    return { HOLDFAST_PAUSE_FOLDER: this.#folder };
  }

  /** The next process that comes to the point waits there. */
  async ask(point: string): Promise<void> {
    await writeFile(this.#file(point, 'asked'), '');
  }

  /** Resolves with the pid of the process that waits at the point. */
  async reached(point: string): Promise<number> {
    const read = () => readFile(this.#file(point, 'reached'), 'utf8').catch(() => '');
    return Number(await waitFor(read, (pid) => pid.endsWith('\n'), { what: `a process at ${point}` }));
  }

  async letGo(point: string): Promise<void> {
    await rm(this.#file(point, 'reached'));
  }

  #file(point: string, state: 'asked' | 'reached'): string {
    return path.join(this.#folder, `${point}.${state}`);
  }
}
