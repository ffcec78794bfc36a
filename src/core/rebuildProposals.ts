import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { checksum } from './checksum.ts';
import { isOwn, type RebuildEvidence, type SeenWorktree } from './rebuildEvidence.ts';
import { toSafeName } from './sessionName.ts';
import type { Claims } from './worktreeClaims.ts';
import { recordOfTag, type WorktreeTag } from './worktreeTag.ts';

/** Why a person has to decide about a worktree. */
export type ProposalKind =
  | 'untagged'
  | 'twoClaims'
  | 'branchTaken'
  | 'moved'
  | 'locked'
  | 'prunable'
  | 'foreignTag'
  | 'unreadableTag'
  | 'otherBranch'
  | 'kept';

/** A worktree that may be a session's. */
export interface Proposal {
  kind: ProposalKind;
  /** Of the worktree. */
  path: string;
  /** Sentences for a person: what was seen, and where. */
  evidence: string[];
  /** The session that it would be; its name may be taken. */
  record: SessionRecord;
  /** Why it cannot be taken in as things are, and what to do about that: whole sentences. */
  hindrance?: string;
  /** A newer version has marked it, which alone knows whose it is. */
  isNewer?: true;
}

/** Judges the worktrees of a repository one by one. */
export class Proposer {
  readonly #evidence: RebuildEvidence;
  readonly #claims: Claims;

  constructor(evidence: RebuildEvidence, claims: Claims) {
    this.#evidence = evidence;
    this.#claims = claims;
  }

  /** A session that is not known, whose record names a worktree that another one claims as well, or had after it. */
  contested(record: SessionRecord): Proposal {
    const { worktreePath: path, id, name } = record;
    const rivals = this.#rivals(path, id);
    const ends = this.#claims.endings(record).map((deletedAt) => wasDestroyed(called(name, id), deletedAt));
    const kind = rivals.length > 0 ? 'twoClaims' : 'kept';
    const owners = this.#claims.rivals(path, id).flatMap((rival) => this.#claims.live.get(rival) ?? []);
    return { kind, path, evidence: [this.#recordOf(record), ...rivals, ...ends], record, ...hinderedBy(owners) };
  }

  /** A session that is not known, and whose branch others have; what its worktree has checked out may be free. */
  branchTaken(record: SessionRecord, rivals: readonly SessionRecord[]): Proposal {
    const taken = rivals.map(({ name, id, branch }) => `${called(name, id)} works on its branch ${branch}.`).sort();
    const evidence = [this.#recordOf(record), ...taken];
    const worktree = this.#evidence.worktrees.find(({ path }) => path === record.worktreePath);
    const other = worktree && onBranch(record, worktree);
    const common = { kind: 'branchTaken' as const, path: record.worktreePath };
    const living = [...this.#claims.live.values()];
    if (other && other.branch !== record.branch && !living.some(({ branch }) => branch === other.branch)) {
      return { ...common, evidence: [...evidence, `Its worktree has ${other.branch} checked out.`], record: other };
    }
    const owners = living.filter(({ branch }) => branch === record.branch);
    return { ...common, evidence, record, ...hinderedBy(owners) };
  }

  /** `restore` where its tag alone makes its session again; undefined where nothing is to be done about it. */
  judge(worktree: SeenWorktree): Proposal | 'restore' | undefined {
    const { key } = this.#evidence;
    if (worktree.tag && isOwn(worktree, key)) return this.#judgeOwn(worktree, worktree.tag);
    if (this.#claims.rivals(worktree.path, '').length > 0) return undefined;
    const destroyed = [...this.#claims.dead.values()].find((record) => isWorktreeOf(record, worktree));
    if (destroyed) return this.#kept(worktree, destroyed);
    const record = this.#found(worktree);
    if (worktree.tag) return proposal('foreignTag', worktree, record, [foreignness(worktree)]);
    if (worktree.problem !== undefined) {
      const problem = `Its tag ${worktree.tagFile} cannot be used: ${worktree.problem}.`;
      const unreadable = proposal('unreadableTag', worktree, record, [problem]);
      return worktree.isNewer ? { ...unreadable, isNewer: true } : unreadable;
    }
    if (!worktree.isInFolder) return undefined;
    const [kind, doubt] = hindranceOf(worktree) ?? ['untagged', []];
    const seen = 'It lies in the folder for worktrees of sessions, but has no tag that says whose it is.';
    return proposal(kind, worktree, record, [seen, ...doubt]);
  }

  #judgeOwn(worktree: SeenWorktree, tag: WorktreeTag): Proposal | 'restore' | undefined {
    const session = this.#claims.find(tag.id);
    if (session) return session.worktreePath === worktree.path ? undefined : this.#elsewhere(worktree, session);
    const forgotten = this.#claims.forgotten(tag.id);
    const tombstone = this.#claims.dead.get(tag.id) ?? (forgotten && { ...tag, ...forgotten });
    const rivals = this.#rivals(worktree.path, tag.id);
    if (tombstone) return rivals.length > 0 ? undefined : this.#kept(worktree, tombstone);
    const record = recordOfTag(tag, worktree.path);
    if (tag.deletedAt !== undefined && rivals.length === 0) {
      return proposal('kept', worktree, record, [wasDestroyed(called(tag.name, tag.id), tag.deletedAt)]);
    }
    const twins = this.#twins(worktree, tag.id);
    if (rivals.length + twins.length > 0) return proposal('twoClaims', worktree, record, [...rivals, ...twins]);
    const doubt = hindranceOf(worktree) ?? changeOf(worktree, tag);
    if (!doubt) return 'restore';
    const [kind, seen] = doubt;
    return proposal(kind, worktree, kind === 'otherBranch' ? onBranch(record, worktree) : record, seen);
  }

  /** The tag is that of a session whose record names another worktree. */
  #elsewhere(worktree: SeenWorktree, session: SessionRecord): Proposal {
    const { path } = worktree;
    const isMoved = this.#claims.isMoved(session);
    const record = isMoved ? { ...session, worktreePath: path } : this.#found(worktree);
    const doubts = [...this.#rivals(path, session.id), ...this.#twins(worktree, session.id)];
    const seen = [this.#recordOf(session), ...doubts];
    return proposal(isMoved && doubts.length === 0 ? 'moved' : 'twoClaims', worktree, record, seen);
  }

  #kept(
    worktree: SeenWorktree,
    { name, id, deletedAt }: Pick<WorktreeTag, 'name' | 'id' | 'deletedAt'>,
  ): Proposal | undefined {
    if (!this.#evidence.withKept) return undefined;
    return proposal('kept', worktree, { ...this.#found(worktree), name }, [wasDestroyed(called(name, id), deletedAt)]);
  }

  /** The session that a worktree of unknown origin would be: a new one, the same whoever makes it. */
  #found(worktree: SeenWorktree): SessionRecord {
    const { key, mainBranch = '', now } = this.#evidence;
    const { path, branch = '', tag } = worktree;
    const createdAt = now.toISOString();
    const name = tag?.name ?? (toSafeName(path.split(/[\\/]/).at(-1) ?? '') || 'session');
    const { command, cwd, template, policy } = tag ?? {};
    const known = { command, cwd, template, policy };
    const id = derivedId(key, path);
    const baseBranch = branch && mainBranch;
    // Nobody knows that the branch was made for the session, so it is never deleted with it.
    return recordOfTag(
      { ...known, version: '1.0', key, id, name, branch, baseBranch, createdAt, ownsBranch: false },
      path,
    );
  }

  #rivals(path: string, id: string): string[] {
    const rivals = this.#claims.rivals(path, id).map((rival) => [rival, this.#claims.find(rival)] as const);
    return rivals.map(([rival, record]) =>
      record?.worktreePath === path
        ? this.#recordOf(record)
        : `The tag in it is that of ${record ? called(record.name, rival) : `session ${rival.slice(0, 8)}`}.`,
    );
  }

  #recordOf({ name, id, worktreePath }: SessionRecord): string {
    const state = this.#claims.hostLives(id) ? ', and its process runs' : '';
    return `By its record, ${called(name, id)} works in ${worktreePath}${state}.`;
  }

  #twins({ path }: SeenWorktree, id: string): string[] {
    const others = this.#claims.taggedFor(id).filter((other) => other.path !== path);
    return others.map((other) => `The same tag is in ${other.path}.`).sort();
  }
}

type Doubt = [kind: ProposalKind, seen: string[]];

/** What keeps a session from simply going on in a worktree, whosever it is. */
function hindranceOf({ lockReason, prunableReason, isThere }: SeenWorktree): Doubt | undefined {
  const gone = isThere ? [] : ['Its folder is gone.'];
  if (lockReason !== undefined) return ['locked', [describeLock(lockReason), ...gone]];
  if (prunableReason !== undefined) return ['prunable', [`Git would forget it: ${prunableReason}.`, ...gone]];
  return isThere ? undefined : ['prunable', gone];
}

/** What has become of a worktree since it got its tag. */
function changeOf({ path, branch }: SeenWorktree, { id, worktreePath, branch: first }: WorktreeTag): Doubt | undefined {
  const isInPlace = worktreePath === undefined ? path.endsWith(`-${id.slice(0, 8)}`) : worktreePath === path;
  if (!isInPlace) return ['moved', [`It was tagged in another place${worktreePath ? `: ${worktreePath}` : ''}.`]];
  if (branch !== first) return ['otherBranch', [`Its session was made on the branch ${first}.`]];
  return undefined;
}

function describeLock(reason: string): string {
  if (reason === 'initializing') return 'Git is still making it, or was killed before it had all files.';
  return reason ? `It is locked: ${reason}.` : 'It is locked; nobody has said why.';
}

/** The branch that is checked out is where the work is; it may be the user's own. */
function onBranch(record: SessionRecord, { branch }: SeenWorktree): SessionRecord {
  return branch === undefined ? record : { ...record, branch, metadata: { ...record.metadata, ownsBranch: false } };
}

function foreignness({ tag, linksBack }: SeenWorktree): string {
  if (linksBack === false) return 'Its folder belongs to another repository, of which this one may be a copy.';
  return `Its tag names another repository (${tag?.key}); this one may have been moved or copied.`;
}

function proposal(kind: ProposalKind, worktree: SeenWorktree, record: SessionRecord, seen: string[]): Proposal {
  const { path, branch, tag } = worktree;
  const evidence = [`Git lists the worktree with ${branch ? `the branch ${branch}` : 'no branch'} checked out.`];
  if (tag) evidence.push(`Its tag names ${called(tag.name, tag.id)}, made at ${tag.createdAt}.`);
  return { kind, path, evidence: [...evidence, ...seen], record };
}

function hinderedBy(owners: readonly SessionRecord[]): { hindrance?: string } {
  if (owners.length === 0) return {};
  const names = owners.map(({ name }) => `“${name}”`).sort();
  const those = names.length === 1 ? 'is there. Destroy that one' : 'are there. Destroy those';
  const hindrance = `It cannot be taken in while ${names.join(' and ')} ${those} first if this is what you need.`;
  return { hindrance };
}

function isWorktreeOf({ branch, worktreePath }: SessionRecord, { path }: SeenWorktree): boolean {
  return branch !== '' && worktreePath === path;
}

function wasDestroyed(session: string, deletedAt: string | undefined): string {
  return `${session} was destroyed at ${deletedAt}, and its worktree was kept.`;
}

function called(name: string, id: string): string {
  return `“${name}” (${id.slice(0, 8)})`;
}

/** In the shape of a random one (UUID v4). */
function derivedId(key: string, path: string): string {
  const hex = checksum([key, path]);
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
