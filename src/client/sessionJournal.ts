import type { Disposable } from '../base/lifecycle.ts';
import { eventsBetween, type Sighting } from '../core/sessionEvents.ts';
import { UniqueEvents } from '../core/uniqueEvents.ts';
import { EventJournal, type EventJournalOptions } from '../node/eventJournal.ts';
import { JournalReader } from '../node/journalReader.ts';
import type { SessionEvent, StoredEvent } from '../protocol/sessionEvent.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

export type SessionJournalOptions = Pick<EventJournalOptions, 'folder' | 'onError'> & { now?: () => Date };

/** What happened to the sessions of a window's storage folder. Telling it never fails and keeps nobody waiting. */
export class SessionJournal implements Disposable {
  readonly #journal: EventJournal;
  readonly #folder: string;
  readonly #now: () => Date;
  /** Where the sessions that are being restored come from, by their ids. */
  readonly #sources = new Map<string, string>();

  constructor({ now = () => new Date(), ...options }: SessionJournalOptions) {
    this.#journal = new EventJournal(options);
    this.#folder = options.folder;
    this.#now = now;
  }

  /** A record has changed just now; without `before` the session was not known. */
  note(before: SessionRecord | undefined, after: SessionRecord): void {
    this.#journal.append(eventsBetween(before, after, this.#sightingOf(after)));
  }

  /** A record is found to have changed while nobody looked, as in a list that is got on connecting. */
  noteFound(before: SessionRecord | undefined, after: SessionRecord): void {
    this.#journal.append(eventsBetween(before, after, { ...this.#sightingOf(after), isLate: true }));
  }

  /** Restores sessions; what comes of those meanwhile is told with `source`, such as the file of a backup. */
  async restoring<T>(ids: readonly string[], source: string, restore: () => Promise<T>): Promise<T> {
    for (const id of ids) this.#sources.set(id, source);
    try {
      return await restore();
    } finally {
      for (const id of ids) this.#sources.delete(id);
    }
  }

  /** Something that was damaged was put right, as these sentences say; nothing where there are none. */
  noteRepaired(sentences: readonly string[], sessionId?: string): void {
    if (sentences.length === 0) return;
    const about = sessionId === undefined ? {} : { sessionId };
    this.noteEvent({ at: this.#now().toISOString(), type: 'repaired', ...about, fields: [...sentences] });
  }

  /** Something that no record tells, such as a backup. */
  noteEvent(event: SessionEvent): void {
    this.#journal.append([event]);
  }

  /** All events, oldest first, each once however many windows have noted it. */
  async *read(): AsyncGenerator<StoredEvent> {
    const sources = await this.#restoreSources();
    const unique = new UniqueEvents();
    for await (const event of new JournalReader(this.#folder).read()) {
      if (!unique.isNews(event)) continue;
      const source = event.type === 'restored' ? sources.get(restoreKey(event)) : undefined;
      yield source === undefined ? event : { ...event, source };
    }
  }

  /** Only the window that restores a session knows from where, and others may note it before. */
  async #restoreSources(): Promise<Map<string, unknown>> {
    const sources = new Map<string, unknown>();
    for await (const event of new JournalReader(this.#folder).read()) {
      if (event.type === 'restored' && event.source !== undefined) sources.set(restoreKey(event), event.source);
    }
    return sources;
  }

  /** Resolves once all that was noted is on the disk, or the disk has refused it; says whether it is. */
  flush(): Promise<boolean> {
    return this.#journal.flush();
  }

  /** What was noted is still written, if there is time. */
  dispose(): void {
    void this.#journal.close();
  }

  #sightingOf({ id }: SessionRecord): Sighting {
    return { now: this.#now(), source: this.#sources.get(id) };
  }
}

function restoreKey({ sessionId, revision }: StoredEvent): string {
  return `${sessionId} ${revision}`;
}
