import * as v from 'valibot';
import { forEachAtMost, Sequencer } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import type { ForgottenSession } from '../core/destroyedNotes.ts';
import { mergeRecords, newerRecord } from '../core/mergeRecords.ts';
import { settleNewcomers } from '../core/newcomers.ts';
import { countSessions } from '../core/presentation.ts';
import { ownedChanges, resting, unknownRevisions } from '../core/restorePlan.ts';
import { byCreation, isLive, revise } from '../core/sessionRecord.ts';
import { pausePoint } from '../node/pausePoint.ts';
import type { RegistryChange, RegistryList } from '../protocol/helperRpc.ts';
import { type RecordChanges, type SessionRecord, sessionRecordSchema } from '../protocol/sessionRecord.ts';

/** What a caller may not set: the helper alone decides it. */
const protectedFields = ['id', 'revision', 'deletedAt', 'createdAt'] as const;

/** How many of a record’s last requests are remembered: far more than there are clients that may send one again. */
const maxRequests = 16;

/** How many records of a replica are saved at a time: each waits for the disk, which takes several at once. */
const maxSaves = 16;

export interface RegistryOptions {
  records: Iterable<SessionRecord>;
  /** By session: ids of the last changes that clients asked for, so that one that is sent to the next helper is known. */
  requests?: ReadonlyMap<string, readonly string[]>;
  /** Writes one record so that it lasts; a mutation is acknowledged only after this. */
  save: (record: SessionRecord, requests: readonly string[]) => Promise<void>;
  /** What is known of a destroyed session whose tombstone is gone. */
  forgotten?: (id: string) => ForgottenSession | undefined;
  now?: () => Date;
}

/** The live registry of one repository: one mutation at a time, saved before it is acknowledged. */
export class Registry {
  readonly #records = new Map<string, SessionRecord>();
  readonly #requests: Map<string, readonly string[]>;
  readonly #save: RegistryOptions['save'];
  readonly #forgotten: NonNullable<RegistryOptions['forgotten']>;
  readonly #now: () => Date;
  readonly #mutations = new Sequencer();
  readonly #onChange = new Emitter<RegistryChange>();
  readonly onChange = this.#onChange.event;
  readonly #onSaveError = new Emitter<{ record: SessionRecord; error: unknown }>();
  /** A replica's record could not be saved; it is known until this helper ends. */
  readonly onSaveError = this.#onSaveError.event;
  #sequence = 0;
  #isClosed = false;

  constructor({ records, requests, save, forgotten = () => undefined, now = () => new Date() }: RegistryOptions) {
    for (const record of records) this.#records.set(record.id, record);
    this.#requests = new Map(requests);
    this.#save = save;
    this.#forgotten = forgotten;
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

  /**
   * Takes over what a replica knows better; records that are damaged are the replica's own to repair. What the disk
   * does not take is known all the same, for the replica has it and will hand it over again. A session that would have
   * the worktree or the branch of another one is held back: its id is in `heldBack`.
   */
  merge(replica: Iterable<SessionRecord>): Promise<RegistryList & { heldBack: string[] }> {
    return this.#mutate(async () => {
      const news = [...mergeRecords(replica).values()].flatMap((record) => this.#newsOf(record) ?? []);
      const newcomers = news.filter((record) => isLive(record) && !this.get(record.id));
      const others = news.filter((record) => !newcomers.includes(record));
      const after = mergeRecords(this.#live(), others).values();
      const { welcome, heldBack } = settleNewcomers([...after].filter(isLive), newcomers);
      await forEachAtMost(maxSaves, [...others, ...welcome], (record) => this.#takeIn(record));
      return { ...this.list(), heldBack: heldBack.map(({ id }) => id) };
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
   * Applies what a client sent, once for each request id; undefined removes an optional field.
   *
   * @throws {HoldfastError} `SESSION_NOT_FOUND`, `REVISION_CONFLICT`, `NAME_EXISTS`
   * @throws {v.ValiError} where the record could not be read again, and would be lost with the next helper.
   */
  update(
    id: string,
    baseRevision: number,
    changes: Record<string, unknown>,
    requestId?: string,
  ): Promise<SessionRecord> {
    return this.#mutate(async () => {
      if (requestId !== undefined && this.#requests.get(id)?.includes(requestId)) return this.require(id);
      const current = this.#requireRevision(id, baseRevision);
      const allowed = { ...changes };
      for (const field of protectedFields) delete allowed[field];
      const next = v.parse(sessionRecordSchema, revise(current, allowed as RecordChanges));
      if (next.name !== current.name) this.#checkUnique(next);
      return this.#commit(next, requestId);
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
      const record = this.#requireRevision(id, baseRevision);
      const deletedAt = this.#now().toISOString();
      return this.#commit(revise(record, { deletedAt, ptyPid: undefined, metadata: withoutSecrets(record) }));
    });
  }

  /**
   * Brings sessions back that were destroyed or lost, however many there may be: what a limit would leave out, nobody
   * could get back. Of those that live only what the user decides is changed. Sent again, it does what is left to do.
   *
   * @throws {HoldfastError} `NAME_EXISTS`, `BRANCH_EXISTS`, and nothing was changed; where a record cannot be saved,
   *   the error says how many are back.
   */
  restore(records: readonly SessionRecord[]): Promise<SessionRecord[]> {
    return this.#mutate(async () => {
      const wanted = records.filter(isLive);
      const next = wanted.map((record) => this.#restored(record)).filter((record) => record !== undefined);
      this.#checkUnique(...next);
      await this.#commitAll(next);
      return wanted.map(({ id }) => this.require(id));
    });
  }

  /** Saves records whose files are gone; those that are about to be forgotten may be. */
  saveAgain(ids: readonly string[]): Promise<void> {
    return this.#mutate(async () => {
      for (const id of ids) {
        const record = this.#records.get(id);
        if (!record || this.#isForgotten(record)) continue;
        await this.#save(record, this.#requests.get(id) ?? []).catch((error) =>
          this.#onSaveError.fire({ record, error }),
        );
      }
    });
  }

  /** Drops a tombstone that has served its time; its file is the caller's to remove. */
  forget(id: string): Promise<void> {
    return this.#mutate(async () => {
      const record = this.#records.get(id);
      if (record && !isLive(record)) {
        this.#records.delete(id);
        this.#requests.delete(id);
      }
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

  async #commit(record: SessionRecord, requestId?: string): Promise<SessionRecord> {
    const known = this.#requests.get(record.id) ?? [];
    const requests = requestId === undefined ? known : [...known, requestId].slice(-maxRequests);
    await this.#save(record, requests);
    await pausePoint('helper-record-saved');
    this.#requests.set(record.id, requests);
    return this.#set(record);
  }

  async #takeIn(record: SessionRecord): Promise<void> {
    try {
      await this.#commit(record);
    } catch (error) {
      this.#onSaveError.fire({ record, error });
      this.#set(record);
    }
  }

  #set(record: SessionRecord): SessionRecord {
    this.#records.set(record.id, record);
    this.#onChange.fire({ sequence: ++this.#sequence, record });
    return record;
  }

  async #commitAll(records: readonly SessionRecord[]): Promise<void> {
    for (const [done, record] of records.entries()) {
      await this.#commit(record).catch((error) => Promise.reject(partlyRestored(error, done, records.length)));
    }
  }

  /** A record as it is to be; undefined where it is so already. */
  #restored(record: SessionRecord): SessionRecord | undefined {
    const current = this.#records.get(record.id);
    if (current && isLive(current)) {
      const changes = ownedChanges(current, record);
      return changes && revise(current, changes);
    }
    // Of what this helper has never heard of, a window that is closed may know a later revision, or the end.
    const latest =
      current?.revision ?? Math.max(record.revision, this.#forgotten(record.id)?.revision ?? 0) + unknownRevisions;
    return revise({ ...resting(record), revision: Math.max(latest, record.revision) }, {});
  }

  /** A replica's record as it is to be taken in; undefined where it is no better than what is known. */
  #newsOf(record: SessionRecord): SessionRecord | undefined {
    const known = this.#records.get(record.id);
    if (!known) return this.#remembered(record);
    return newerRecord(known, record) === known ? undefined : record;
  }

  /** What a replica tells of a session that is not known: where it was forgotten, the replica is to learn of its end. */
  #remembered(record: SessionRecord): SessionRecord | undefined {
    if (!this.#isForgotten(record)) return record;
    const tombstone = revise(resting(record), { metadata: withoutSecrets(record) });
    return isLive(record) ? { ...tombstone, ...this.#forgotten(record.id) } : undefined;
  }

  #isForgotten({ id, revision }: SessionRecord): boolean {
    const forgotten = this.#forgotten(id);
    return forgotten !== undefined && revision <= forgotten.revision;
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

  /** Those that are folded away count no longer. */
  #checkRoom(limit: number | null): void {
    const listed = this.#live().filter(({ archivedAt }) => archivedAt === undefined);
    if (limit === null || listed.length < limit) return;
    throw new HoldfastError('MAX_SESSIONS', `Maximum ${countSessions(limit)} supported.`, {
      advice: 'Destroy a session to create a new one.',
      data: { limit },
    });
  }

  /** Whether these sessions as they are to be get along with one another and with all others. */
  #checkUnique(...next: SessionRecord[]): void {
    const after = new Map([...this.#live(), ...next].map((record) => [record.id, record]));
    for (const record of next) {
      for (const other of after.values()) if (other.id !== record.id) refuseClash(record, other);
    }
  }
}

function refuseClash({ name, branch }: SessionRecord, other: SessionRecord): void {
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

/** What is back stays, for it is what the user asked for. */
function partlyRestored(error: unknown, done: number, all: number): unknown {
  if (!(error instanceof HoldfastError) || done === 0) return error;
  const { code, advice, data } = error;
  return new HoldfastError(code, `Only ${done} of ${all} sessions could be brought back: ${error.message}`, {
    advice: `${advice ? `${advice} ` : ''}Then restore again.`,
    data: { ...data, done, all },
    cause: error,
  });
}

/** What a tombstone keeps: the variables of a session may be secret, and nobody needs them any more. */
function withoutSecrets({ metadata = {} }: SessionRecord): Record<string, unknown> | undefined {
  const { env: _, ...rest } = metadata;
  return Object.keys(rest).length > 0 ? rest : undefined;
}
