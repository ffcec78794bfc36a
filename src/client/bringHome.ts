import type { GitProgress } from '../core/gitProgress.ts';
import type { MergeOutcome } from '../core/mergePlan.ts';
import type { PushTarget } from '../core/pushTarget.ts';
import { countUncommitted } from '../core/worktreeStatus.ts';
import { resolveBranch } from '../node/branchTip.ts';
import { type CommittedAll, commitAll, readUncommitted } from '../node/commitAll.ts';
import { type ComparedBranch, compareBranch } from '../node/comparedBranch.ts';
import { fetchAndMerge, type MergedHere, mergeHere } from '../node/mergeHere.ts';
import { undoMerge } from '../node/mergeInto.ts';
import { type PushedBranch, pushBranch } from '../node/pushBranch.ts';
import type { SessionEvent } from '../protocol/sessionEvent.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { aboutSession, findCheckout, requireOnBranch, requireWorktree } from './sessionCheckout.ts';
import {
  type MergeContext,
  type MergeOptions,
  mergeSession,
  mergeTargets,
  planSessionMerge,
  type SessionMergePlan,
} from './sessionMerge.ts';

export interface BringHomeOptions extends MergeContext {
  /** Keeps what was done. */
  note?: (event: SessionEvent) => void;
}

export interface PushOptions {
  remote?: string;
  signal?: AbortSignal;
  /** Is told how far git is. */
  onProgress?: (progress: GitProgress) => void;
}

/** Brings the work of sessions home: commits it, merges it, pushes it. Every error tells which session it is about. */
export class BringHome {
  readonly #options: BringHomeOptions;

  constructor(options: BringHomeOptions) {
    this.#options = options;
  }

  /** The branches that a session can be merged into, its base first. @throws {HoldfastError} `NO_WORKTREE` */
  targets(record: SessionRecord): Promise<string[]> {
    return about(record, () => mergeTargets(this.#options, record));
  }

  /** @throws {HoldfastError} see {@link planSessionMerge} */
  plan(record: SessionRecord, options?: MergeOptions): Promise<SessionMergePlan> {
    return about(record, () => planSessionMerge(this.#options, record, options));
  }

  /** Does what was planned. @throws {HoldfastError} see {@link performMerge} */
  async merge(record: SessionRecord, plan: SessionMergePlan, message?: string): Promise<MergeOutcome> {
    const outcome = await about(record, () => mergeSession(this.#options, record, plan, message));
    const { branch, into, how, from, to } = outcome;
    this.#note(record, { type: 'merged', branch, into, how, from, to });
    return outcome;
  }

  /** Takes a merge back, where nothing has come after it. @throws {HoldfastError} see {@link undoMerge} */
  async undo(record: SessionRecord, outcome: MergeOutcome): Promise<void> {
    await about(record, async () => {
      const { repository } = await findCheckout(this.#options.workplace, record);
      await undoMerge(repository, outcome);
    });
    this.#note(record, { type: 'mergeUndone', into: outcome.into, from: outcome.to, to: outcome.from });
  }

  /** Begins a merge of `from` into the session’s own worktree; conflicts are left there to be resolved. */
  mergeHere(record: SessionRecord, from: string): Promise<MergedHere> {
    return about(record, async () => {
      const { folder } = await requireWorktree(this.#options.workplace, record);
      await requireOnBranch(folder, record);
      return mergeHere(folder, { ref: `refs/heads/${from}`, name: from });
    });
  }

  /** The same with what a remote has on the branch, which a push was rejected for. */
  pullHere(record: SessionRecord, { remote, ref }: { remote: string; ref: string }): Promise<MergedHere> {
    return about(record, async () => {
      const { folder } = await requireWorktree(this.#options.workplace, record);
      await requireOnBranch(folder, record);
      return fetchAndMerge(folder, { remote, ref });
    });
  }

  /** How many files of its worktree are not committed. */
  uncommitted(record: SessionRecord): Promise<number> {
    return about(record, async () => {
      const { folder } = await requireWorktree(this.#options.workplace, record);
      return countUncommitted(await readUncommitted(folder));
    });
  }

  /** @throws {HoldfastError} `NO_WORKTREE`, `NO_FOLDER` and what {@link commitAll} throws */
  async commitAll(record: SessionRecord, message: string, signal?: AbortSignal): Promise<CommittedAll> {
    const committed = await about(record, async () => {
      const { folder } = await requireWorktree(this.#options.workplace, record);
      return commitAll(folder, message, signal);
    });
    const { branch, commit, files } = committed;
    this.#note(record, { type: 'committed', branch, commit, files });
    return committed;
  }

  /** @throws {HoldfastError} `NO_WORKTREE` and what {@link pushBranch} throws */
  async push(record: SessionRecord, options: PushOptions = {}): Promise<PushedBranch> {
    const pushed = await about(record, async () => {
      const { repository, folder } = await findCheckout(this.#options.workplace, record);
      if (folder !== undefined) await requireOnBranch(folder, record);
      const { branch, baseBranch: base } = record;
      return pushBranch({ ...options, cwd: folder ?? repository.root, branch, base });
    });
    this.#notePush(record, pushed);
    return pushed;
  }

  /** Somebody else has pushed its branch, who knew how to sign in. */
  async pushedElsewhere(record: SessionRecord, target: PushTarget): Promise<PushedBranch> {
    const { branch } = record;
    const commit = (await resolveBranch(this.#options.workplace.root, branch)) ?? '';
    const pushed = { branch, commit, state: 'updated' as const, ...target };
    this.#notePush(record, pushed);
    return pushed;
  }

  /** What a pull request of the branch is made of, once that is pushed. */
  comparison(record: SessionRecord, pushed: PushedBranch): Promise<ComparedBranch> {
    return about(record, async () => {
      const { repository } = await findCheckout(this.#options.workplace, record);
      return compareBranch(repository.root, record.baseBranch, pushed);
    });
  }

  #notePush(record: SessionRecord, { branch, remote, ref, commit }: PushedBranch): void {
    this.#note(record, { type: 'pushed', branch, remote, ref, commit });
  }

  #note({ id: sessionId }: SessionRecord, event: Happened): void {
    this.#options.note?.({ at: new Date().toISOString(), sessionId, ...event });
  }
}

type Happened =
  | { type: 'merged'; branch: string; into: string; how: string; from: string; to: string }
  | { type: 'mergeUndone'; into: string; from: string; to: string }
  | { type: 'committed'; branch: string; commit: string; files: number }
  | { type: 'pushed'; branch: string; remote: string; ref: string; commit: string };

async function about<T>(record: SessionRecord, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    throw aboutSession(record, error);
  }
}
