import * as v from 'valibot';
import { judgeArchives, type Overdue, overdueSchema } from '../core/archiveRetention.ts';
import { ArchivedVariables } from '../node/archivedVariables.ts';
import { deleteArchive, listArchives } from '../node/archiveList.ts';
import { readJson, writeJson } from '../node/durableFile.ts';
import type { Log } from '../node/log.ts';
import type { RepositoryPlaces } from '../node/places.ts';
import type { RemovalNotes } from '../node/removalNotes.ts';
import { findWorkplace } from '../node/repository.ts';

export interface ArchiveKeeperOptions {
  places: Pick<RepositoryPlaces, 'key' | 'repositoryFile' | 'archivesFile' | 'variablesFolder'>;
  notes: Pick<RemovalNotes, 'list'>;
  /** Days, 0 for ever. */
  keepDays: () => number;
  log: Log;
  now?: () => Date;
}

const repositorySchema = v.object({ root: v.string() });

/** Deletes the archives of worktrees that have been kept for as long as the user wants. */
export class ArchiveKeeper {
  readonly #options: Required<ArchiveKeeperOptions>;

  constructor(options: ArchiveKeeperOptions) {
    this.#options = { now: () => new Date(), ...options };
  }

  /** @throws {HoldfastError} `GIT_FAILED`, `DISK_FULL`, `STORAGE_NOT_WRITABLE` */
  async run(): Promise<void> {
    const { places, notes, keepDays, log, now } = this.#options;
    const root = await this.#findRoot();
    if (root === undefined) return;
    const needed = new Set(await notes.list());
    const all = await listArchives(root);
    const archives = all.filter(({ id }) => !needed.has(id));
    const before = await this.#readOverdue();
    const { expired, overdue } = judgeArchives(archives, { keepDays: keepDays(), now: now(), overdue: before });
    for (const archive of expired) {
      await deleteArchive(root, archive);
      log.info('Deleted the archive of a worktree that was kept for long enough', {
        id: archive.id,
        commit: archive.commit,
        archivedAt: archive.archivedAt,
      });
    }
    const gone = new Set(expired.map(({ id }) => id));
    const kept = new Set([...needed, ...all.map(({ id }) => id).filter((id) => !gone.has(id))]);
    await new ArchivedVariables(places.variablesFolder).sweep((id) => kept.has(id));
    if (JSON.stringify(before) !== JSON.stringify(overdue)) await writeJson(places.archivesFile, overdue);
  }

  async #findRoot(): Promise<string | undefined> {
    const { repositoryFile, key } = this.#options.places;
    const noted = v.safeParse(repositorySchema, await readJson(repositoryFile));
    if (!noted.success) return undefined;
    const workplace = await findWorkplace(noted.output.root).catch(() => undefined);
    return workplace?.kind === 'git' && workplace.key === key ? workplace.root : undefined;
  }

  async #readOverdue(): Promise<Overdue> {
    const read = v.safeParse(overdueSchema, await readJson(this.#options.places.archivesFile));
    return read.success ? read.output : {};
  }
}
