import * as v from 'valibot';
import { Sequencer } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import { newerRecord } from '../core/mergeRecords.ts';
import { byCreation, isLive, revise } from '../core/sessionRecord.ts';
import type { RegistryChange, RegistryList } from '../protocol/helperRpc.ts';
import { type RecordChanges, type SessionRecord, sessionRecordSchema } from '../protocol/sessionRecord.ts';
import { isForgettable } from './retention.ts';

/** What a caller may not set: the helper alone decides it. */
const protectedFields = ['id', 'revision', 'deletedAt', 'createdAt'] as const;

export interface RegistryOptions {
  records: Iterable<SessionRecord>;
  /** Writes one record so that it lasts; a mutation is acknowledged only after this. */
  save: (record: SessionRecord) => Promise<void>;
  now?: () => Date;
}

/** The live registry of one repository: one mutation at a time, saved before it is acknowledged. */
export class Registry {
  readonly #records = new Map<string, SessionRecord>();
  readonly #save: (record: SessionRecord) => Promise<void>;
  readonly #now: () => Date;
  readonly #mutations = new Sequencer();
  readonly #onChange = new Emitter<RegistryChange>();
  readonly onChange = this.#onChange.event;
  #sequence = 0;
  #isClosed = false;

  constructor({ records, save, now = () => new Date() }: RegistryOptions) {
    for (const record of records) this.#records.set(record.id, record);
    this.#save = save;
    this.#now = now;
  }

  list(): RegistryList {
    return { sequence: this.#sequence, records: [...this.#records.values()].sort(byCreation) };
  }

  /** The record of a session that is not destroyed. */
  get(id: string): SessionRecord | undefined {
    const record = this.#records.get(id);
    return record && isLive(record) ? record : undefined;
  }

  /** @throws {HoldfastError} `SESSION_NOT_FOUND` */
  require(id: string): SessionRecord {
    const record = this.get(id);
    if (record) return record;
    throw new HoldfastError('SESSION_NOT_FOUND', `There is no session ${id}.`, { data: { id } });
  }

  /** Takes over what a replica knows better; records that are damaged are the replica's own to repair. */
  merge(replica: Iterable<SessionRecord>): Promise<RegistryList> {
    return this.#mutate(async () => {
      for (const record of replica) {
        const known = this.#records.get(record.id);
        if (!known && isForgettable(record, this.#now())) continue;
        if (!known || newerRecord(known, record) !== known) await this.#commit(record);
      }
      return this.list();
    });
  }

  /** @throws {HoldfastError} `MAX_SESSIONS`, `NAME_EXISTS`, `BRANCH_EXISTS` */
  create(record: SessionRecord, limit: number | null): Promise<SessionRecord> {
    return this.#mutate(async () => {
      const known = this.#records.get(record.id);
      if (known) return known;
      this.#checkRoom(limit);
      this.#checkUnique(record);
      return this.#commit(revise(record, {}));
    });
  }

  /**
   * Applies what a client sent; undefined removes an optional field.
   *
   * @throws {HoldfastError} `SESSION_NOT_FOUND`, `REVISION_CONFLICT`, `NAME_EXISTS`
   * @throws {v.ValiError} where the record could not be read again, and would be lost with the next helper.
   */
  update(id: string, baseRevision: number, changes: Record<string, unknown>): Promise<SessionRecord> {
    return this.#mutate(async () => {
      const current = this.#requireRevision(id, baseRevision);
      const allowed = { ...changes };
      for (const field of protectedFields) delete allowed[field];
      const next = v.parse(sessionRecordSchema, revise(current, allowed as RecordChanges));
      if (next.name !== current.name) this.#checkUnique(next);
      return this.#commit(next);
    });
  }

  /** The helper's own mutation: applied to whatever is current, or not at all where `change` returns undefined. */
  apply(id: string, change: (record: SessionRecord) => RecordChanges | undefined): Promise<SessionRecord> {
    return this.#mutate(async () => {
      const current = this.require(id);
      const changes = change(current);
      return changes ? this.#commit(revise(current, changes)) : current;
    });
  }

  /** Leaves a tombstone. @throws {HoldfastError} `SESSION_NOT_FOUND`, `REVISION_CONFLICT` */
  remove(id: string, baseRevision: number): Promise<SessionRecord> {
    return this.#mutate(async () => {
      const current = this.#records.get(id);
      if (current && !isLive(current)) return current;
      const tombstone = { deletedAt: this.#now().toISOString(), ptyPid: undefined };
      return this.#commit(revise(this.#requireRevision(id, baseRevision), tombstone));
    });
  }

  /** Drops a tombstone that has served its time; its file is the caller's to remove. */
  forget(id: string): Promise<void> {
    return this.#mutate(async () => {
      const record = this.#records.get(id);
      if (record && isForgettable(record, this.#now())) this.#records.delete(id);
    });
  }

  /** Ends what was begun and refuses the rest, so that the next helper finds on disk all there is. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#mutations.idle();
  }

  async #mutate<T>(task: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new HoldfastError('CONNECTION_LOST', 'The Holdfast helper is ending.');
    return this.#mutations.queue(task);
  }

  async #commit(record: SessionRecord): Promise<SessionRecord> {
    await this.#save(record);
    this.#records.set(record.id, record);
    this.#onChange.fire({ sequence: ++this.#sequence, record });
    return record;
  }

  #live(): SessionRecord[] {
    return [...this.#records.values()].filter(isLive);
  }

  #requireRevision(id: string, baseRevision: number): SessionRecord {
    const current = this.require(id);
    if (current.revision === baseRevision) return current;
    throw new HoldfastError('REVISION_CONFLICT', `“${current.name}” was changed elsewhere meanwhile.`, {
      advice: 'Try again.',
      data: { id, current },
    });
  }

  #checkRoom(limit: number | null): void {
    if (limit === null || this.#live().length < limit) return;
    throw new HoldfastError('MAX_SESSIONS', `Maximum ${limit} sessions supported.`, {
      advice: 'Destroy a session to create a new one.',
      data: { limit },
    });
  }

  #checkUnique({ id, name, branch }: SessionRecord): void {
    for (const other of this.#live()) {
      if (other.id === id) continue;
      if (other.name.toLowerCase() === name.toLowerCase()) {
        throw new HoldfastError('NAME_EXISTS', `There is a session named “${other.name}” already.`, {
          advice: 'Choose another name.',
          data: { id: other.id },
        });
      }
      if (branch && other.branch === branch) {
        throw new HoldfastError('BRANCH_EXISTS', `The session “${other.name}” works on ${branch} already.`, {
          advice: 'Choose another branch.',
          data: { id: other.id },
        });
      }
    }
  }
}
