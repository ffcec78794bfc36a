import type * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import type { SessionManager } from '../client/sessionManager.ts';
import type { HealthReport, SessionHealth } from '../protocol/health.ts';
import { showError } from './errorMessage.ts';
import type { Workspace } from './workspace.ts';
import { askRepair } from './worktreeRepair.ts';

/** Where it is noted, by session, what the user was told of its worktree. */
const toldKey = 'holdfast.toldOfWorktrees';

export interface WorktreeNoticesOptions {
  manager: SessionManager;
  workspace: Workspace;
  memento: vscode.Memento;
  log: vscode.LogOutputChannel;
}

/** Tells once, in the window that was used last, that a session’s worktree was moved, removed or switched, with what can be done. */
export class WorktreeNotices implements Disposable {
  readonly #options: WorktreeNoticesOptions;
  readonly #disposables = new DisposableStore();

  constructor(options: WorktreeNoticesOptions) {
    this.#options = options;
    this.#disposables.add(options.manager.supervision.onHealth((report) => this.#look(report)));
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #look({ sessions }: HealthReport): void {
    const { manager, memento } = this.#options;
    if (!manager.helper.speaks) return;
    const told = memento.get<Record<string, string>>(toldKey, {});
    const seen = Object.fromEntries(
      sessions.flatMap((health) => (isTold(health) ? [[health.id, signOf(health)]] : [])),
    );
    const news = Object.keys(seen).filter((id) => seen[id] !== told[id]);
    if (news.length === 0 && Object.keys(told).length === Object.keys(seen).length) return;
    void memento.update(toldKey, seen);
    for (const id of news) void this.#tell(id);
  }

  /** What was seen a minute ago may be right again by now. */
  async #tell(id: string): Promise<void> {
    const { manager, workspace, log } = this.#options;
    try {
      if ((await manager.inspectWorktree(id)).kind !== 'sound') await askRepair(workspace, id);
    } catch (error) {
      await showError(error, log);
    }
  }
}

/** An agent looks at a commit now and then, which is shown and no reason to interrupt anybody. */
function isTold(health: SessionHealth): boolean {
  return health.worktree !== undefined && !/ no branch, but a commit,/.test(signOf(health));
}

function signOf({ evidence, worktree }: SessionHealth): string {
  const about = evidence.find(({ what }) => what.startsWith('its worktree '));
  return `${worktree}: ${about?.what ?? ''}`;
}
