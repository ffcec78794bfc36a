import { cp, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { dist } from '../../integration/support/scene.ts';

/** The clock of helpers and hosts that are started from {@link programs}; that of the machine stays as it is. */
export class SettableClock {
  /** A folder of built programs. */
  readonly programs: string;
  readonly #file: string;

  static async make(folder: string): Promise<SettableClock> {
    const clock = new SettableClock(folder);
    await clock.set(0);
    await cp(dist, clock.programs, { recursive: true });
    const load = `require(${JSON.stringify(path.join(import.meta.dirname, '..', 'programs', 'setClock.ts'))});\n`;
    for (const name of ['helper.cjs', 'host.cjs']) {
      const program = path.join(clock.programs, name);
      await writeFile(program, load + (await readFile(program, 'utf8')));
    }
    return clock;
  }

  private constructor(folder: string) {
    this.programs = path.join(folder, 'programs');
    this.#file = path.join(folder, 'shift');
  }

  /** By which the programs find it. */
  get env(): { HOLDFAST_TEST_CLOCK: string } {
    return { HOLDFAST_TEST_CLOCK: this.#file };
  }

  /** @param shift from the machine's clock on; milliseconds */
  async set(shift: number): Promise<void> {
    await writeFile(`${this.#file}~`, String(shift));
    await rename(`${this.#file}~`, this.#file);
  }
}
