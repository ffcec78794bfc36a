import type { Disposable } from '../base/lifecycle.ts';
import { eventsBetween } from '../core/sessionEvents.ts';
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

  constructor({ now = () => new Date(), ...options }: SessionJournalOptions) {
    this.#journal = new EventJournal(options);
    this.#folder = options.folder;
    this.#now = now;
  }

  /** A record has changed just now; without `before` the session was not known. */
  note(before: SessionRecord | undefined, after: SessionRecord): void {
    this.#journal.append(eventsBetween(before, after, { now: this.#now() }));
  }

  /** A record is found to have changed while nobody looked, as in a list that is got on connecting. */
  noteFound(before: SessionRecord | undefined, after: SessionRecord): void {
    this.#journal.append(eventsBetween(before, after, { now: this.#now(), isLate: true }));
  }

  /** Something that no record tells, such as a backup. */
  noteEvent(event: SessionEvent): void {
    this.#journal.append([event]);
  }

  /** All events, oldest first, each once however many windows have noted it. */
  async *read(): AsyncGenerator<StoredEvent> {
    const unique = new UniqueEvents();
    for await (const event of new JournalReader(this.#folder).read()) if (unique.isNews(event)) yield event;
  }

  /** Resolves once all that was noted is on the disk, or the disk has refused it; says whether it is. */
  flush(): Promise<boolean> {
    return this.#journal.flush();
  }

  /** What was noted is still written, if there is time. */
  dispose(): void {
    void this.#journal.close();
  }
}
