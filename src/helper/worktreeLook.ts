import { describeError, HoldfastError } from '../base/errors.ts';
import type { PorcelainStatus } from '../core/porcelainStatus.ts';
import type { RefreshReason } from '../core/refreshSchedule.ts';
import { isYetToBeMade, type WorktreeLink } from '../core/worktreeLink.ts';
import { countCommits, type RunGit, readCommittedPaths, readStatus } from '../node/changesQuestions.ts';
import { findLinkedWorktree, type LinkedWorktree } from '../node/worktreeGitDir.ts';
import { worktreeMark } from '../node/worktreeMarks.ts';
import { readOperation } from '../node/worktreeOperation.ts';
import type { BaseComparison, KnownChanges, Operation, UnknownChanges, WorktreeChanges } from '../protocol/changes.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { BaseCommits } from './baseCommits.ts';
import type { DiskQuestions } from './diskQuestions.ts';

/** Where nothing points to a change, what is not older than this is believed; milliseconds. */
const believed = 30_000;

/** Why files may have changed of which git's own files tell nothing. */
const files: readonly RefreshReason[] = ['files', 'disk', 'output'];

/** How many files are told of one session, and how many are compared with those of others. */
const maxPaths = 200;
const maxCompared = 5_000;

export interface WorktreeLookOptions {
  /** Of the repository. */
  key: string;
  run: RunGit;
  bases: BaseCommits;
  questions: Pick<DiskQuestions, 'ask'>;
  /** By a monotonic clock; milliseconds. */
  monotonic: () => number;
  now: () => Date;
}

/** What is known of a worktree that could be looked at. */
export interface SeenWorktree {
  changes: KnownChanges;
  committed: ReadonlySet<string>;
  uncommitted: ReadonlySet<string>;
}

/** How the branch stands, which holds as long as the three commits stay what they are. */
interface Standing {
  key: string;
  base?: BaseComparison;
  commits?: number;
  committed: readonly string[];
}

interface ReadStatus {
  value: PorcelainStatus;
  /** By a monotonic clock, milliseconds; and by the user's, ISO 8601 UTC. */
  read: number;
  at: string;
}

interface GitFacts extends LinkedWorktree {
  mark: string;
  operation: Operation | undefined;
}

/** What one session's worktree looks like, and what of it must be asked anew. */
export class WorktreeLook {
  readonly #options: WorktreeLookOptions;
  #mark = '';
  #status: ReadStatus | undefined;
  #standing: Standing | undefined;
  #seen: SeenWorktree | undefined;
  #wasThere = false;
  /** When it was last asked what is not committed, whatever the answer; by a monotonic clock, milliseconds. */
  askedAt = Number.NEGATIVE_INFINITY;
  /** Where git's files are; undefined before the first look, and where it is no worktree any more. */
  link: LinkedWorktree | undefined;

  constructor(options: WorktreeLookOptions) {
    this.#options = options;
  }

  /** What was last seen; undefined where that is not known any more. */
  get seen(): SeenWorktree | undefined {
    return this.#seen;
  }

  /** Looks again, as far as there is reason to. Never throws: what cannot be told is a state to show. */
  async look(record: SessionRecord, reasons: ReadonlySet<RefreshReason>): Promise<WorktreeChanges> {
    try {
      const facts = await this.#facts(record);
      if ('mark' in facts) return await this.#lookAt(record, facts, reasons);
      return this.#lost(record.id, facts.state, facts.why);
    } catch (error) {
      const isSlow = error instanceof HoldfastError && error.code === 'TIMEOUT';
      return this.#lost(record.id, isSlow ? 'timeout' : 'failed', isSlow ? 'git took too long' : describeError(error));
    }
  }

  /** Finds out where git's files are, which no process is needed for. Never throws. */
  async find(record: SessionRecord): Promise<boolean> {
    const facts = await this.#facts(record);
    if ('mark' in facts) this.link = { gitDir: facts.gitDir, commonDir: facts.commonDir };
    return this.link !== undefined;
  }

  async #facts(record: SessionRecord): Promise<GitFacts | Pick<UnknownChanges, 'state' | 'why'>> {
    const { questions, key } = this.#options;
    const answer = await questions.ask(`changes of ${record.id}`, async () => {
      const link = await findLinkedWorktree(record, key);
      if (link.state === 'own') this.#wasThere = true;
      if (isYetToBeMade(record, { ...link, wasThere: this.#wasThere }))
        return { state: 'unmade' as const, why: 'its worktree is made with its next start' };
      if (link.state !== 'own') return { state: link.state, why: whyNot(link) };
      return { ...link, mark: await worktreeMark(link), operation: await readOperation(link.gitDir) };
    });
    if (answer.state === 'answered') return answer.value;
    if (answer.state === 'silent') return { state: 'timeout', why: 'its disk does not answer' };
    return { state: 'failed', why: 'its folder cannot be read' };
  }

  async #lookAt(
    record: SessionRecord,
    { mark, operation, ...link }: GitFacts,
    reasons: ReadonlySet<RefreshReason>,
  ): Promise<KnownChanges> {
    this.link = { gitDir: link.gitDir, commonDir: link.commonDir };
    const status = await this.#statusOf(record, { mark, reasons });
    const standing = await this.#standingOf(record, status.value.head, link.commonDir);
    return this.#see(record, { status, standing, operation });
  }

  async #statusOf(
    { worktreePath }: SessionRecord,
    { mark, reasons }: { mark: string; reasons: ReadonlySet<RefreshReason> },
  ): Promise<ReadStatus> {
    const { monotonic, now, run } = this.#options;
    const known = this.#status;
    const mayDiffer = mark !== this.#mark || files.some((reason) => reasons.has(reason));
    const isOld = reasons.has('look') && monotonic() - (known?.read ?? 0) > believed;
    if (known && !mayDiffer && !isOld) return known;
    this.askedAt = monotonic();
    const value = await readStatus(run, worktreePath, this.link as LinkedWorktree);
    this.#mark = mark;
    this.#status = { value, read: monotonic(), at: now().toISOString() };
    return this.#status;
  }

  async #standingOf(
    { baseBranch, baseCommit }: SessionRecord,
    head: string | null,
    commonDir: string,
  ): Promise<Standing> {
    const { bases, run } = this.#options;
    const base = baseBranch ? await bases.commitOf(baseBranch, commonDir) : undefined;
    const key = [head, base, baseCommit, baseBranch].join(' ');
    if (this.#standing?.key === key) return this.#standing;
    const since = base ?? baseCommit;
    if (head === null || since === undefined) return this.#keep({ key, committed: [] });
    const { ahead, behind } = await countCommits(run, { from: since, to: head, commonDir });
    const committed = ahead > 0 ? await readCommittedPaths(run, { from: since, to: head, commonDir }) : [];
    const commits = await this.#commitsSince(baseCommit, { since, ahead, head, commonDir });
    return this.#keep({
      key,
      committed,
      ...(base === undefined ? {} : { base: { ref: baseBranch, commit: base, ahead, behind } }),
      ...(commits === undefined ? {} : { commits }),
    });
  }

  /** Undefined where that is not known, or its first commit is not there any more. */
  async #commitsSince(
    baseCommit: string | undefined,
    { since, ahead, head, commonDir }: { since: string; ahead: number; head: string; commonDir: string },
  ): Promise<number | undefined> {
    if (baseCommit === undefined) return undefined;
    if (baseCommit === since) return ahead;
    const counted = countCommits(this.#options.run, { from: baseCommit, to: head, commonDir });
    return counted.then((counts) => counts.ahead).catch(() => undefined);
  }

  #keep(standing: Standing): Standing {
    this.#standing = standing;
    return standing;
  }

  #see(
    { id }: SessionRecord,
    { status, standing, operation }: { status: ReadStatus; standing: Standing; operation: Operation | undefined },
  ): KnownChanges {
    const { paths: uncommitted, ...counts } = status.value;
    const { key: _, committed, ...standings } = standing;
    const paths = [...new Set([...committed, ...uncommitted])].sort();
    const changes: KnownChanges = {
      id,
      at: status.at,
      state: 'known',
      ...counts,
      ...standings,
      ...(operation ? { operation } : {}),
      paths: paths.slice(0, maxPaths),
      morePaths: Math.max(0, paths.length - maxPaths),
    };
    const compared = (files: readonly string[]) => new Set(files.slice(0, maxCompared));
    this.#seen = { changes, committed: compared(committed), uncommitted: compared(uncommitted) };
    return changes;
  }

  /** What was seen before says nothing of now. */
  #lost(id: string, state: UnknownChanges['state'], why: string): UnknownChanges {
    this.#seen = undefined;
    this.#status = undefined;
    if (state === 'unmade' || state === 'gone' || state === 'foreign') this.link = undefined;
    this.askedAt = this.#options.monotonic();
    return { id, at: this.#options.now().toISOString(), state, why };
  }
}

function whyNot(link: Exclude<WorktreeLink, { state: 'own' }>): string {
  return link.state === 'gone' ? 'its worktree is gone' : `what is in its folder is ${link.why}`;
}
