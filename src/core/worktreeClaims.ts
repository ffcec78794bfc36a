import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { ForgottenSession } from './destroyedNotes.ts';
import { mergeRecords, newerRecord } from './mergeRecords.ts';
import {
  byPath,
  compare,
  isOwn,
  type RebuildEvidence,
  type RecordSource,
  type RestoredSession,
  type SeenWorktree,
} from './rebuildEvidence.ts';
import { byCreation, isLive } from './sessionRecord.ts';

/** Which sessions there are, and which of them say that a worktree is theirs. */
export class Claims {
  /** Sessions that are known, by id. */
  readonly live: ReadonlyMap<string, SessionRecord>;
  /** The tombstones of sessions that were destroyed, wherever that is noted, and not brought back since. */
  readonly dead: ReadonlyMap<string, SessionRecord>;
  /** Sessions that only other places know, oldest first. */
  readonly candidates: readonly RestoredSession[];
  readonly #forgotten: ReadonlyMap<string, ForgottenSession>;
  readonly #hosts: ReadonlySet<string>;
  readonly #tagged: ReadonlyMap<string, SeenWorktree[]>;
  readonly #byPath: ReadonlyMap<string, Set<string>>;

  constructor({ key, known, sources, worktrees, forgotten = new Map() }: RebuildEvidence) {
    this.#forgotten = forgotten;
    const all = [...mergeRecords(known, ...sources.map(({ records }) => records)).values()];
    this.dead = new Map(
      all
        .filter((record) => !isLive(record))
        .sort(byCreation)
        .map((record) => [record.id, record]),
    );
    this.live = new Map([...mergeRecords(known)].filter(([, record]) => isLive(record)));
    const isNew = ({ id, revision }: SessionRecord) =>
      !this.live.has(id) && !this.dead.has(id) && revision > (forgotten.get(id)?.revision ?? -1);
    this.candidates = newest(sources).filter(({ record }) => isNew(record));
    this.#hosts = new Set(sources.flatMap(({ hostLives, records }) => (hostLives ? records.map(({ id }) => id) : [])));
    this.#tagged = byTag(worktrees.filter((worktree) => isOwn(worktree, key)));
    this.#byPath = this.#claimants();
  }

  /** The session of that id that is not destroyed. */
  find(id: string): SessionRecord | undefined {
    return this.live.get(id) ?? this.candidates.find(({ record }) => record.id === id)?.record;
  }

  /** What is known of a destroyed session whose tombstone is gone, and which was not brought back since. */
  forgotten(id: string): ForgottenSession | undefined {
    return this.dead.has(id) || this.find(id) ? undefined : this.#forgotten.get(id);
  }

  /** When, by the tag of its worktree, the session was destroyed, where nothing says that it has been at work since. */
  endings({ id, worktreePath, lastActivity }: SessionRecord): string[] {
    const tagged = this.taggedFor(id).filter(({ path }) => path === worktreePath);
    return tagged.flatMap(({ tag }) => tag?.deletedAt ?? []).filter((deletedAt) => deletedAt >= lastActivity);
  }

  /** The worktrees with the tag of that session. */
  taggedFor(id: string): readonly SeenWorktree[] {
    return this.#tagged.get(id) ?? [];
  }

  /** Whether the session's tag is in a worktree, but not in the one that its record names. */
  isMoved({ id, worktreePath }: SessionRecord): boolean {
    const tagged = this.taggedFor(id);
    return tagged.length > 0 && tagged.every(({ path }) => path !== worktreePath);
  }

  hostLives(id: string): boolean {
    return this.#hosts.has(id);
  }

  /** Ids of the other sessions that say the worktree is theirs, by their record or their tag. */
  rivals(path: string, id: string): string[] {
    return [...(this.#byPath.get(path) ?? [])].filter((other) => other !== id).sort();
  }

  /** Whether a session that is known to nobody here comes back by itself. */
  isSettled(record: SessionRecord): boolean {
    if (!record.branch) return true;
    if (this.isMoved(record)) return false;
    if (this.#isAtWork(record)) return true;
    return this.rivals(record.worktreePath, record.id).length === 0 && this.endings(record).length === 0;
  }

  /** Whether it says that a worktree is its own, and so does another one, or the worktree says that it was destroyed. */
  isContested(record: SessionRecord): boolean {
    return !this.isSettled(record) && !this.isMoved(record);
  }

  /** Of all that claim a worktree, the only one whose process runs in it has it. */
  #isAtWork({ id, worktreePath }: SessionRecord): boolean {
    const isOutOfIt = (rival: string) => !this.live.has(rival) && !this.hostLives(rival);
    return this.hostLives(id) && this.rivals(worktreePath, id).every(isOutOfIt);
  }

  #claimants(): Map<string, Set<string>> {
    const claimants = new Map<string, Set<string>>();
    const add = (path: string, id: string) => claimants.set(path, (claimants.get(path) ?? new Set()).add(id));
    const records = this.candidates.map(({ record }) => record).filter((record) => !this.isMoved(record));
    for (const { branch, worktreePath, id } of [...this.live.values(), ...records]) if (branch) add(worktreePath, id);
    for (const [id, tagged] of this.#tagged) {
      if ((this.dead.has(id) && !this.live.has(id)) || this.forgotten(id)) continue;
      const isFound = this.find(id) !== undefined;
      for (const { path, tag } of tagged) if (isFound || tag?.deletedAt === undefined) add(path, id);
    }
    return claimants;
  }
}

/** The newest record of each session, and the first place that has it. */
function newest(sources: readonly RecordSource[]): RestoredSession[] {
  const found = new Map<string, RestoredSession>();
  for (const { kind, path, records } of [...sources].sort((a, b) => compare(a.kind, b.kind) || byPath(a, b))) {
    for (const record of records) {
      const other = found.get(record.id);
      if (!other || newerRecord(other.record, record) !== other.record)
        found.set(record.id, { record, from: { kind, path } });
    }
  }
  return [...found.values()].sort((a, b) => byCreation(a.record, b.record));
}

function byTag(worktrees: readonly SeenWorktree[]): Map<string, SeenWorktree[]> {
  const tagged = new Map<string, SeenWorktree[]>();
  for (const worktree of worktrees) {
    const id = worktree.tag?.id ?? '';
    tagged.set(id, [...(tagged.get(id) ?? []), worktree]);
  }
  return tagged;
}
