import { stat } from 'node:fs/promises';
import { isLive } from '../core/sessionRecord.ts';
import { type CreationLock, findCreationLocks } from '../node/creationLocks.ts';
import { sweepDrafts } from '../node/leftDrafts.ts';
import { tryLock } from '../node/lockFile.ts';
import type { Log } from '../node/log.ts';
import { releaseLeftPorts } from '../node/portLeases.ts';
import { removeUnusedRuntimes } from '../node/runtimeFolder.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { DestroyedSessions } from './destroyedSessions.ts';
import type { HostLinks } from './hostLinks.ts';
import type { Registry } from './registry.ts';
import { isForgettable, isOutputDue, type TombstoneAge } from './retention.ts';
import type { SessionFiles } from './sessionFiles.ts';

/** How old a creation's lock must be before it is looked at; milliseconds. */
const minLockAge = 24 * 3_600_000;

/** The same of a lease of ports; milliseconds. */
const minLeaseAge = 24 * 3_600_000;

export interface CleanerOptions {
  registry: Registry;
  files: SessionFiles;
  destroyed: DestroyedSessions;
  links: Pick<HostLinks, 'inTurn'>;
  /** Of the repository. */
  key: string;
  stateFolder: string;
  repositoryFolder: string;
  savedFolder: string;
  log: Log;
  now?: () => Date;
}

/**
 * Removes what is proven to be of no more use: the remains of destroyed sessions, locks of creations that were cut
 * short, drafts of killed writers, and old copies of the programs.
 */
export class Cleaner {
  readonly #options: Required<CleanerOptions>;

  constructor(options: CleanerOptions) {
    this.#options = { now: () => new Date(), ...options };
  }

  /** What cannot be removed now is noted, and tried again the next time. */
  async run(): Promise<void> {
    const { registry, links, files, key, stateFolder, repositoryFolder, savedFolder, log, now } = this.#options;
    const tombstones = registry.list().records.filter((record) => !isLive(record));
    await this.#attempt({ repositoryFolder }, () => this.#see(tombstones));
    for (const { id } of tombstones.filter((record) => isOutputDue(record, this.#ageOf(record))))
      await this.#attempt({ id }, () => links.inTurn(id, () => this.#clean(id)));
    await this.#attempt({ repositoryFolder }, async () => {
      for (const lock of await findCreationLocks(repositoryFolder)) {
        await this.#attempt({ ...lock }, () => this.#removeLock(lock));
      }
    });
    await this.#attempt({ repositoryFolder }, async () => {
      for (const folder of [stateFolder, repositoryFolder, savedFolder]) await sweepDrafts(folder);
      await files.sweep();
    });
    await this.#attempt({ stateFolder }, () => {
      const isThere = (id: string) => registry.get(id) !== undefined;
      return releaseLeftPorts(stateFolder, { key, isThere, minAge: minLeaseAge });
    });
    await this.#attempt({ stateFolder }, async () => {
      const runtimes = await removeUnusedRuntimes(stateFolder, log, now().getTime());
      if (runtimes.length > 0) log.info('Removed copies of the programs that nothing runs from', { runtimes });
    });
  }

  #see(tombstones: readonly SessionRecord[]): Promise<void> {
    const { destroyed, now } = this.#options;
    const ids = tombstones.map(({ id }) => id);
    return destroyed.see(ids, now());
  }

  #ageOf({ id }: SessionRecord): TombstoneAge {
    const { destroyed, now } = this.#options;
    return { now: now(), daysSeen: destroyed.daysSeen(id) };
  }

  async #clean(id: string): Promise<void> {
    const { registry, files, destroyed, log } = this.#options;
    const record = registry.list().records.find((candidate) => candidate.id === id);
    if (!record || !isOutputDue(record, this.#ageOf(record))) return;
    if (!isForgettable(record, this.#ageOf(record))) {
      await files.removeOutput(id);
      return;
    }
    await destroyed.forget(record);
    if (await files.remove(id)) {
      await registry.forget(id);
      log.info('Forgot a session that was destroyed long ago', { id, deletedAt: record.deletedAt });
    }
  }

  /** The lock of a process that is proven gone can be had, and is then removed. */
  async #removeLock({ id, file }: CreationLock): Promise<void> {
    const { registry, now } = this.#options;
    const { mtimeMs } = await stat(file);
    if (registry.get(id) || now().getTime() - mtimeMs < minLockAge) return;
    const attempt = await tryLock(file);
    if ('lock' in attempt) await attempt.lock.release();
  }

  async #attempt(what: Record<string, unknown>, task: () => Promise<void>): Promise<void> {
    await task().catch((error) =>
      this.#options.log.warn('What is of no more use could not be removed', { ...what, error }),
    );
  }
}
