import path from 'node:path';
import * as vscode from 'vscode';
import { DisposableStore } from '../base/lifecycle.ts';
import type { HoldfastApi } from './api.ts';
import { registerCommands } from './commands.ts';
import { diagnose } from './doctorReport.ts';
import { showError } from './errorMessage.ts';
import { SessionActions } from './sessionActions.ts';
import { SessionTree } from './sessionTree.ts';
import { StateActions } from './stateActions.ts';
import { StatusBar } from './statusBar.ts';
import { Workspace } from './workspace.ts';

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
  const restartFromTerminal = (id: string) => actions.restart(id).catch((error) => showError(error, log));
  disposables.add(new SessionTree(workspace));
  disposables.add(new StatusBar(workspace));
  disposables.add(registerCommands({ workspace, actions, state, log, memento: context.workspaceState }));
  disposables.add(vscode.workspace.onDidChangeWorkspaceFolders(() => workspace.foldersChanged()));
  workspace.open();
  return createApi({ workspace, actions, state, disposables });
}

interface ApiParts {
  workspace: Workspace;
  actions: SessionActions;
  state: StateActions;
  disposables: DisposableStore;
}

function createApi({ workspace, actions, state, disposables }: ApiParts): HoldfastApi {
  const onDidChangeSessions = disposables.add(new vscode.EventEmitter<void>());
  disposables.add(workspace.onChange(() => onDidChangeSessions.fire()));
  return {
    version: 1,
    onDidChangeSessions: onDidChangeSessions.event,
    get ready() {
      return workspace.ready;
    },
    listSessions: () => workspace.list(),
    getSession: (id) => workspace.get(id),
    newSession: (options = {}) => actions.create(options),
    showTerminal: (id) => actions.showTerminal(id),
    stopSession: (id) => actions.stop(id),
    restartSession: (id) => actions.restart(id),
    renameSession: (id, name) => actions.rename(id, name),
    destroySession: (id) => actions.destroy(id),
    showLog: (id) => actions.showLog(id),
    restartHelper: () => actions.restartHelper(),
    listBackups: () => state.listBackups(),
    restoreBackup: async (id, sessionIds) => (await state.restoreBackup(id, sessionIds)).restored,
    saveSession: (id, note) => state.save(id, note),
    listSavedSessions: () => state.listSaved(),
    getSavedSession: (id) => state.getSaved(id),
    loadSavedSession: async (id, options) => (await state.load(id, options)).record,
    deleteSavedSession: async (id) => void (await state.deleteSaved(id)),
    exportSessions: (file, options) => state.exportTo(file, options),
    importSessions: (file, options) => state.importFrom(file, options),
    rebuildSessions: () => state.rebuild(),
    diagnose: ({ fix = false } = {}) => diagnose(workspace, fix),
  };
}
