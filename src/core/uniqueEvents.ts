import type { StoredEvent } from '../protocol/sessionEvent.ts';

/** What was last told of one type: a late event that tells the same again was concluded from it. */
interface Told {
  revision: number;
  content: unknown;
}

/** Of one session: what was told of each type, and the moments from which its revisions count. */
interface Account {
  told: Map<string, Told>;
  origins: Set<string>;
}

/**
 * Tells which events are news: each window that shares a journal notes a change of a session, and one that has
 * missed revisions notes what it concludes from the last of them.
 */
export class UniqueEvents {
  readonly #accounts = new Map<string, Account>();

  /** To be asked once for each event, in the order in which they were written. */
  isNews(event: StoredEvent): boolean {
    const { sessionId, revision, type } = event;
    if (sessionId === undefined || revision === undefined) return true;
    const account = this.#accountOf(sessionId);
    if (isOrigin(event)) return begin(account, event);
    const last = account.told.get(type);
    if (last && revision <= last.revision) return false;
    const isKnown = event.late === true && isTold(account, event);
    account.told.set(type, { revision, content: contentOf(event) });
    return !isKnown;
  }

  #accountOf(sessionId: string): Account {
    const known = this.#accounts.get(sessionId);
    if (known) return known;
    const account: Account = { told: new Map(), origins: new Set() };
    this.#accounts.set(sessionId, account);
    return account;
  }
}

/** From here a record counts its revisions anew. */
function isOrigin({ type }: StoredEvent): boolean {
  return type === 'created' || type === 'rebuilt';
}

function begin({ told, origins }: Account, { type, at }: StoredEvent): boolean {
  const origin = `${type} ${at}`;
  if (origins.has(origin)) return false;
  origins.add(origin);
  told.clear();
  return true;
}

/** Whether an event that was concluded from a later revision says what an earlier one has said. */
function isTold({ told }: Account, event: StoredEvent): boolean {
  const content = contentOf(event);
  if (content !== undefined) return told.get(event.type)?.content === content;
  // A start of which only the end was seen is known where that end is.
  return event.type === 'started' && ['stopped', 'exited'].some((end) => told.get(end)?.content === event.at);
}

/** What two events of one type have in common when they tell the same. */
function contentOf(event: StoredEvent): unknown {
  switch (event.type) {
    case 'statusChanged':
    case 'renamed':
      return event.to;
    case 'started':
      return event.ptyPid;
    case 'stopped':
    case 'exited':
    case 'destroyed':
      return event.at;
    default:
      return undefined;
  }
}
