import * as v from 'valibot';
import { defaultSettings, type SupervisionSettings, supervisionSettingsSchema } from '../core/supervisionPolicy.ts';
import { readJson, writeJson } from '../node/durableFile.ts';
import type { Log } from '../node/log.ts';

/** What the user has set, as a window told it last: it holds also while no window is open. */
export class KeptSettings {
  readonly #file: string;
  readonly #log: Log;
  #current: SupervisionSettings;

  private constructor(file: string, log: Log, current: SupervisionSettings) {
    this.#file = file;
    this.#log = log;
    this.#current = current;
  }

  /** Where nothing sensible was kept, the defaults hold. */
  static async load(file: string, log: Log): Promise<KeptSettings> {
    const kept = v.safeParse(supervisionSettingsSchema, await readJson(file).catch(() => undefined));
    return new KeptSettings(file, log, kept.success ? kept.output : defaultSettings);
  }

  get current(): SupervisionSettings {
    return this.#current;
  }

  /** They hold from now on; that they cannot be kept is no reason to refuse them. */
  async set(settings: SupervisionSettings): Promise<void> {
    if (JSON.stringify(settings) === JSON.stringify(this.#current)) return;
    this.#current = settings;
    await writeJson(this.#file, settings).catch((error) =>
      this.#log.warn('The settings could not be kept for the next helper', { error }),
    );
  }
}
