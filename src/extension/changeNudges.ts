import path from 'node:path';
import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import type { Workspace } from './workspace.ts';

/** What is saved at once is told at once; milliseconds. */
const pause = 500;

/**
 * Tells the helper what this window sees happen in the sessions’ worktrees. VS Code does not watch worktrees that lie in
 * the folder that is open, for they are left out of its watcher; it does where one of them is open itself.
 */
export function watchForChanges(workspace: Workspace): Disposable {
  const disposables = new DisposableStore();
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const tell = () => {
    workspace.refreshChanges([...changed]);
    changed.clear();
    timer = undefined;
  };
  const note = ({ scheme, fsPath }: vscode.Uri) => {
    const id = scheme === 'file' ? sessionAt(workspace, fsPath) : undefined;
    if (id === undefined) return;
    changed.add(id);
    timer ??= setTimeout(tell, pause);
  };
  disposables.add(vscode.workspace.onDidSaveTextDocument(({ uri }) => note(uri)));
  const watcher = disposables.add(vscode.workspace.createFileSystemWatcher('**/*'));
  for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete]) disposables.add(event(note));
  disposables.add(vscode.window.onDidChangeWindowState(({ focused }) => focused && workspace.refreshChanges()));
  disposables.add({ dispose: () => clearTimeout(timer) });
  return disposables;
}

/** Git's own files are watched by the helper. */
function sessionAt(workspace: Workspace, file: string): string | undefined {
  if (file.split(path.sep).includes('.git')) return undefined;
  return workspace.list().find(({ branch, worktreePath }) => branch && isInside(worktreePath, file))?.id;
}

/** Windows takes names that differ in case for the same. */
function isInside(folder: string, file: string): boolean {
  const inner = path.relative(folder, file);
  return inner !== '' && !path.isAbsolute(inner) && inner.split(path.sep)[0] !== '..';
}
