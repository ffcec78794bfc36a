import type { Log } from '../node/log.ts';
import { removeUnusedRuntimes } from '../node/runtimeFolder.ts';
import type { HostSupervisor } from './hostSupervisor.ts';
import type { Registry } from './registry.ts';
import { isForgettable, isOutputDue } from './retention.ts';
import type { SessionFiles } from './sessionFiles.ts';

export interface CleanerOptions {
  registry: Registry;
  files: SessionFiles;
  supervisor: Pick<HostSupervisor, 'inTurn'>;
  stateFolder: string;
  log: Log;
  now?: () => Date;
}

/** Removes what is proven to be of no more use: the remains of destroyed sessions, and old copies of the programs. */
export class Cleaner {
  readonly #options: Required<CleanerOptions>;

  constructor(options: CleanerOptions) {
    this.#options = { now: () => new Date(), ...options };
  }

  /** What cannot be removed now is noted, and tried again the next time. */
  async run(): Promise<void> {
    const { registry, supervisor, stateFolder, log, now } = this.#options;
    const due = registry.list().records.filter((record) => isOutputDue(record, now()));
    for (const { id } of due) await this.#attempt({ id }, () => supervisor.inTurn(id, () => this.#clean(id)));
    await this.#attempt({ stateFolder }, async () => {
      const runtimes = await removeUnusedRuntimes(stateFolder, now().getTime());
      if (runtimes.length > 0) log.info('Removed copies of the programs that nothing runs from', { runtimes });
    });
  }

  async #clean(id: string): Promise<void> {
    const { registry, files, log, now } = this.#options;
    const record = registry.list().records.find((candidate) => candidate.id === id);
    if (!record || !isOutputDue(record, now())) return;
    if (!isForgettable(record, now())) {
      await files.removeOutput(id);
    } else if (await files.remove(id)) {
      await registry.forget(id);
      log.info('Forgot a session that was destroyed long ago', { id, deletedAt: record.deletedAt });
    }
  }

  async #attempt(what: Record<string, unknown>, task: () => Promise<void>): Promise<void> {
    await task().catch((error) =>
      this.#options.log.warn('What is of no more use could not be removed', { ...what, error }),
    );
  }
}
