import * as vscode from 'vscode';
import { cancelled } from '../client/creationWatch.ts';
import type { SetupChoice } from '../client/sessionLaunch.ts';
import { teardownCancelled } from '../client/teardown.ts';
import { exists } from '../node/exists.ts';
import { git } from '../node/git.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { DestroyedSession, DestroyOptions, NewSessionOptions } from './api.ts';
import type { ErrorActions } from './errorMessage.ts';
import { showSessionLog } from './logs.ts';
import { withLongTask } from './longTask.ts';
import { raiseMaxSessions } from './settings.ts';
import type { Workspace } from './workspace.ts';
import { closeFolder } from './workspaceFolders.ts';

/** What of the options for a new session another try has instead; undefined takes one back. */
export type SourceChanges = { [K in keyof NewSessionOptions]?: NewSessionOptions[K] | undefined };

/** Takes back what was chosen for a branch. */
const noSource = { branch: undefined, baseBranch: undefined, base: undefined, fetch: undefined, submodules: undefined };

export function withChanges(options: NewSessionOptions, changes: SourceChanges): NewSessionOptions {
  const all = Object.entries({ ...options, ...changes }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(all);
}

/** What commands and the API do to sessions; no prompts, errors are thrown. */
export class SessionActions {
  readonly #workspace: Workspace;
  readonly #log: vscode.LogOutputChannel;

  constructor(workspace: Workspace, log: vscode.LogOutputChannel) {
    this.#workspace = workspace;
    this.#log = log;
  }

  async create({ show = true, ...options }: NewSessionOptions): Promise<SessionRecord> {
    const manager = await this.#workspace.manager();
    const { record, notice } = await withLongTask({
      title: 'Creating the session',
      reason: cancelled,
      run: (watch) => manager.create(options, watch),
    });
    if (show) (await this.#workspace.terminals()).show(record.id);
    if (notice) void vscode.window.showInformationMessage(notice);
    return record;
  }

  async showTerminal(id: string): Promise<SessionRecord> {
    const record = (await this.#workspace.manager()).require(id);
    (await this.#workspace.terminals()).show(id);
    return record;
  }

  async stop(id: string): Promise<SessionRecord> {
    return (await this.#workspace.manager()).stop(id);
  }

  /** `setup`: whether that of its worktree is run; without it, as long as that has not succeeded. */
  async restart(id: string, setup?: SetupChoice): Promise<SessionRecord> {
    const options = setup === undefined ? {} : { setup };
    const { record, notice } = await (await this.#workspace.manager()).restart(id, options);
    if (notice) void vscode.window.showWarningMessage(notice);
    return record;
  }

  async rename(id: string, name: string): Promise<SessionRecord> {
    const { record, notice } = await (await this.#workspace.manager()).rename(id, name);
    if (notice) void vscode.window.showInformationMessage(notice);
    return record;
  }

  async destroy(id: string, options: DestroyOptions = {}): Promise<DestroyedSession> {
    const { record, ...outcome } = await (await this.#workspace.manager()).destroy(id, { ...options, aroundTeardown });
    if (!(await exists(record.worktreePath))) closeFolder(record.worktreePath);
    return { ...record, ...outcome };
  }

  /** The log of the session's host; without an id the extension's own, for which nothing must have succeeded. */
  async showLog(id?: string): Promise<SessionRecord | undefined> {
    if (id !== undefined) return showSessionLog(await this.#workspace.manager(), id);
    this.#log.show();
    return undefined;
  }

  async restartHelper(): Promise<void> {
    await (await this.#workspace.manager()).helper.restartHelper();
  }

  /** What can be offered when {@link create} fails; most of it ends in another try, with `changes`. */
  createErrorActions(
    again: (changes: SourceChanges) => Promise<SessionRecord | undefined>,
    destroyOne: () => Promise<unknown>,
  ): ErrorActions<SessionRecord> {
    const withoutWorktree = { title: 'Run Without Worktree', run: () => again({ ...noSource, worktree: false }) };
    return {
      MAX_SESSIONS: ({ data }) => {
        const next = Number(data.limit) * 2;
        return [
          { title: `Raise the Limit to ${next}`, run: () => raiseMaxSessions(next).then(() => again({})) },
          { title: 'Destroy a Session…', run: async () => ((await destroyOne()) ? again({}) : undefined) },
        ];
      },
      NOT_A_REPOSITORY: () => [withoutWorktree],
      BRANCH_EXISTS: ({ data }) =>
        data.isAdoptable === true
          ? [{ title: 'Adopt That Worktree', run: () => again({ ...noSource, adoptWorktree: String(data.path) }) }]
          : [],
      FETCH_FAILED: () => [{ title: 'Go On Without Fetching', run: () => again({ fetch: false }) }],
      WORKTREE_IN_USE: ({ data }) => [
        { title: 'Show That Session', run: () => this.showTerminal(String(data.id)).then(() => undefined) },
      ],
      NO_COMMITS: () => [withoutWorktree],
      DETACHED_HEAD: ({ data }) => [
        { title: 'Start from This Commit', run: () => again({ baseBranch: String(data.commit) }) },
      ],
    };
  }

  /** The user decides what the first commit holds, so none is made for them. */
  async initialize(): Promise<void> {
    await git(['init'], { cwd: this.#workspace.folder });
    await this.#workspace.reopen();
    void vscode.window.showInformationMessage('The repository is ready. Make a first commit, then create a session.');
  }
}

/** A database that does not go away must not keep the user from going on. */
function aroundTeardown(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const title = 'Running the teardown of the session';
  return withLongTask({ title, reason: teardownCancelled, run: ({ signal }) => run(signal) });
}
