import path from 'node:path';
import * as vscode from 'vscode';
import { DisposableStore } from '../base/lifecycle.ts';
import { isRecovering } from '../core/sessionRecord.ts';
import type { HealthReport } from '../protocol/health.ts';
import type { HoldfastApi } from './api.ts';
import { registerBaseFiles } from './baseFiles.ts';
import { watchForChanges } from './changeNudges.ts';
import { registerCommands } from './commands.ts';
import { registerConflictView } from './conflictView.ts';
import { editorPullRequests } from './editorPullRequests.ts';
import { showError } from './errorMessage.ts';
import { exportedApi } from './exportedApi.ts';
import { followGitExtension } from './gitExtension.ts';
import { HomeActions } from './homeActions.ts';
import { SessionActions } from './sessionActions.ts';
import { watchSessionContext } from './sessionContext.ts';
import { SessionTree } from './sessionTree.ts';
import { watchSettings } from './settings.ts';
import { StateActions } from './stateActions.ts';
import { StatusBar } from './statusBar.ts';
import { SupervisionActions } from './supervisionActions.ts';
import { Workspace } from './workspace.ts';
import { WorktreeActions } from './worktreeActions.ts';

export function activate(context: vscode.ExtensionContext): HoldfastApi {
  const disposables = new DisposableStore();
  context.subscriptions.push(disposables);
  const log = disposables.add(vscode.window.createOutputChannel('Holdfast', { log: true }));
  const dist = path.join(context.extensionPath, 'dist');
  const workspace: Workspace = disposables.add(
    new Workspace({ context, log, dist, restart: (id) => void restartFromTerminal(id) }),
  );
  const actions = new SessionActions(workspace, log);
  const state = new StateActions(workspace);
  const supervision = new SupervisionActions(workspace);
  const home = new HomeActions(workspace, editorPullRequests(log));
  const worktrees = new WorktreeActions(workspace);
  const restartFromTerminal = (id: string) => {
    const record = workspace.get(id);
    const started = record && isRecovering(record) ? supervision.retryNow(id) : actions.restart(id);
    return started.catch((error) => showError(error, log));
  };
  disposables.add(new SessionTree(workspace, supervision));
  disposables.add(registerConflictView());
  disposables.add(new StatusBar(workspace));
  disposables.add(watchSessionContext(workspace));
  disposables.add(registerBaseFiles(workspace));
  disposables.add(watchForChanges(workspace));
  disposables.add(
    registerCommands({ workspace, actions, state, supervision, home, worktrees, log, memento: context.workspaceState }),
  );
  disposables.add(watchSettings(log, () => workspace.configure()));
  disposables.add(vscode.workspace.onDidChangeWorkspaceFolders(() => workspace.foldersChanged()));
  disposables.add(followGitExtension(log, () => workspace.gitChanged()));
  workspace.open();
  const changes = disposables.add(new vscode.EventEmitter<void>());
  disposables.add(workspace.onChange(() => changes.fire()));
  const healthChanges = disposables.add(new vscode.EventEmitter<HealthReport>());
  disposables.add(workspace.onHealthChange((report) => healthChanges.fire(report)));
  const workChanges = disposables.add(new vscode.EventEmitter<void>());
  disposables.add(workspace.onChangesChange(() => workChanges.fire()));
  const events = {
    onDidChangeSessions: changes.event,
    onDidChangeHealth: healthChanges.event,
    onDidChangeWork: workChanges.event,
  };
  return exportedApi({ workspace, actions, state, supervision, home, worktrees, ...events });
}
