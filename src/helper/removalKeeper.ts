import { isDue, type RemovalNote } from '../core/removalNote.ts';
import { isLive } from '../core/sessionRecord.ts';
import type { Log } from '../node/log.ts';
import type { RemovalNotes } from '../node/removalNotes.ts';
import { carryOut } from '../node/removals.ts';
import { findWorkplace, type GitRepository } from '../node/repository.ts';
import type { HostLinks } from './hostLinks.ts';
import type { Registry } from './registry.ts';

export interface RemovalKeeperOptions {
  notes: RemovalNotes;
  registry: Pick<Registry, 'get' | 'list'>;
  links: Pick<HostLinks, 'get' | 'inTurn'>;
  /** Of the repository. */
  key: string;
  log: Log;
  now?: () => Date;
}

/** Goes on with the removals of worktrees that were cut short, or that could not be finished then. */
export class RemovalKeeper {
  readonly #options: Required<RemovalKeeperOptions>;

  constructor(options: RemovalKeeperOptions) {
    this.#options = { now: () => new Date(), ...options };
  }

  async run(): Promise<void> {
    const { notes, links, log } = this.#options;
    for (const id of await notes.list().catch(() => []))
      await links
        .inTurn(id, () => this.#goOn(id))
        .catch((error) => log.warn('The removal of a worktree could not be finished', { id, error }));
  }

  async #goOn(id: string): Promise<void> {
    const { notes, now } = this.#options;
    const note = await notes.read(id);
    // A damaged note tells nothing that may be removed.
    if (!note || note.session.id !== id || !isDue(note, now())) return;
    const attempt = await notes.lock(id);
    if (!('lock' in attempt)) return;
    try {
      await this.#finish(note);
    } finally {
      await attempt.lock.release();
    }
  }

  async #finish(note: RemovalNote): Promise<void> {
    const { notes, registry, links, log } = this.#options;
    const { id } = note.session;
    const record = registry.get(id) ?? registry.list().records.find((candidate) => candidate.id === id);
    // Whoever asked for it was cut short before the session was forgotten.
    if (links.get(id) || (record && isLive(record))) return notes.delete(id);
    const repository = await this.#repositoryOf(note);
    if (!repository || this.#isClaimed(note)) return;
    const { kept, archive } = await carryOut(notes, repository, note);
    log.info('Went on with the removal of a worktree', { id, path: note.session.worktreePath, kept, archive });
  }

  /** Somebody else may have been given the worktree or the branch since. */
  #isClaimed({ session }: RemovalNote): boolean {
    const others = this.#options.registry.list().records.filter((record) => isLive(record) && record.branch);
    return others.some(({ worktreePath }) => worktreePath === session.worktreePath);
  }

  /** A repository that was moved is looked for by nobody: the note waits until it is back. */
  async #repositoryOf({ root }: RemovalNote): Promise<GitRepository | undefined> {
    const workplace = await findWorkplace(root).catch(() => undefined);
    return workplace?.kind === 'git' && workplace.key === this.#options.key ? workplace : undefined;
  }
}
