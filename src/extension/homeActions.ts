import type { BringHome, PushOptions } from '../client/bringHome.ts';
import type { MergeOptions, SessionMergePlan } from '../client/sessionMerge.ts';
import type { MergeOutcome } from '../core/mergePlan.ts';
import type { PushTarget } from '../core/pushTarget.ts';
import type { CommittedAll } from '../node/commitAll.ts';
import type { MergedHere } from '../node/mergeHere.ts';
import type { PushedBranch } from '../node/pushBranch.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { pushThroughEditor } from './editorPush.ts';
import { type MadePullRequest, openPullRequest, type PullRequestContext } from './pullRequest.ts';
import type { Workspace } from './workspace.ts';

/** A merge without a question. */
export interface MergeNow extends MergeOptions {
  /** Of the commit that is made. */
  message?: string;
}

/** What a merge has done, and what its user should know of it. */
export interface MergedSession extends MergeOutcome {
  warnings: string[];
}

/** What commands and the API do to bring sessions’ work home; no prompts, errors are thrown. */
export class HomeActions {
  readonly #workspace: Workspace;
  readonly #context: PullRequestContext;

  constructor(workspace: Workspace, context: PullRequestContext) {
    this.#workspace = workspace;
    this.#context = context;
  }

  async targets(id: string): Promise<string[]> {
    return this.#with(id, (home, record) => home.targets(record));
  }

  async planMerge(id: string, options: MergeOptions = {}): Promise<SessionMergePlan> {
    return this.#with(id, (home, record) => home.plan(record, options));
  }

  async performMerge(id: string, plan: SessionMergePlan, message?: string): Promise<MergeOutcome> {
    return this.#with(id, (home, record) => home.merge(record, plan, message));
  }

  async merge(id: string, { message, ...options }: MergeNow = {}): Promise<MergedSession> {
    const plan = await this.planMerge(id, options);
    return { ...(await this.performMerge(id, plan, message)), warnings: plan.warnings };
  }

  async undoMerge(id: string, outcome: MergeOutcome): Promise<void> {
    return this.#with(id, (home, record) => home.undo(record, outcome));
  }

  async mergeHere(id: string, from: string): Promise<MergedHere> {
    return this.#with(id, (home, record) => home.mergeHere(record, from));
  }

  async uncommitted(id: string): Promise<number> {
    return this.#with(id, (home, record) => home.uncommitted(record));
  }

  async commitAll(id: string, message: string, signal?: AbortSignal): Promise<CommittedAll> {
    return this.#with(id, (home, record) => home.commitAll(record, message, signal));
  }

  async push(id: string, options: PushOptions = {}): Promise<PushedBranch> {
    return this.#with(id, (home, record) => home.push(record, options));
  }

  async pullHere(id: string, from: { remote: string; ref: string }): Promise<MergedHere> {
    return this.#with(id, (home, record) => home.pullHere(record, from));
  }

  /** Pushes through VS Code’s Git extension, which asks the user how to sign in where it must. */
  async pushThroughEditor(id: string, target: PushTarget): Promise<PushedBranch> {
    return this.#with(id, async (home, record) => {
      await pushThroughEditor(record, target);
      return home.pushedElsewhere(record, target);
    });
  }

  /** Pushes the branch and opens what makes the pull request. */
  async createPullRequest(id: string, options: PushOptions = {}): Promise<MadePullRequest> {
    return this.openPullRequest(id, await this.push(id, options));
  }

  /** Of a branch that is pushed. */
  async openPullRequest(id: string, pushed: PushedBranch): Promise<MadePullRequest> {
    return this.#with(id, async (home, record) => {
      const comparison = await home.comparison(record, pushed);
      return { ...(await openPullRequest(comparison, this.#context)), pushed };
    });
  }

  async #with<T>(id: string, use: (home: BringHome, record: SessionRecord) => Promise<T>): Promise<T> {
    const manager = await this.#workspace.manager();
    return use(manager.home, manager.require(id));
  }
}
