import type { HelperClient } from '../../../src/client/helperClient.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';

interface Account {
  record: SessionRecord;
  /** Changes that were acknowledged, and such as were asked for and ended with an error, which may have been made. */
  made: number;
  unknown: number;
}

/** Gives commands to the helper and keeps count of those that it has acknowledged. */
export class Ledger {
  readonly #accounts = new Map<string, Account>();

  /** Notes an acknowledged record, be it of a creation or a later state. */
  note(record: SessionRecord): SessionRecord {
    const account = this.#accounts.get(record.id);
    if (!account) this.#accounts.set(record.id, { record, made: 0, unknown: 0 });
    else if (record.revision > account.record.revision) account.record = record;
    return record;
  }

  /** Asks for one change of the session, which counts them; an error of that is noted and does not come back. */
  async change(client: HelperClient, { id }: { id: string }): Promise<void> {
    const account = this.#accounts.get(id);
    if (!account) throw new Error(`The creation of ${id} was never acknowledged`);
    try {
      this.note(await client.update(account.record, countUp));
      account.made++;
    } catch {
      account.unknown++;
    }
  }

  /** One sentence for each command that was acknowledged and not done, or done twice. */
  *breaches(current: readonly SessionRecord[]): Generator<string> {
    for (const { record, made, unknown } of this.#accounts.values()) {
      const found = current.find(({ id }) => id === record.id);
      const name = `“${record.name}”`;
      if (!found) {
        // Those that are destroyed may be listed or not.
        if (!record.deletedAt) yield `${name} was acknowledged and is not known any more`;
        continue;
      }
      if (found.revision < record.revision) {
        yield `${name} is at revision ${found.revision}; ${record.revision} was acknowledged`;
      }
      if (record.deletedAt && !found.deletedAt) yield `${name} is back; its end was acknowledged`;
      if (!record.deletedAt && found.deletedAt) yield `${name} was destroyed, which nobody asked for`;
      const count = countOf(found);
      if (count < made || count > made + unknown) yield `${name} was changed ${count} times; ${made} were acknowledged`;
    }
  }
}

function countUp(record: SessionRecord): Partial<SessionRecord> {
  return { metadata: { ...record.metadata, count: countOf(record) + 1 } };
}

function countOf({ metadata }: SessionRecord): number {
  return Number(metadata?.count ?? 0);
}
