import * as vscode from 'vscode';
import type { Disposable } from '../base/lifecycle.ts';
import { isRecovering } from '../core/sessionRecord.ts';
import { contextKeys } from './ids.ts';
import type { Workspace } from './workspace.ts';

/** Keeps up to date by which the palette offers what there is something to do for. */
export function watchSessionContext(workspace: Workspace): Disposable {
  let last: boolean | undefined;
  const update = () => {
    const next = workspace.list().some(isRecovering);
    if (next !== last) void vscode.commands.executeCommand('setContext', contextKeys.hasRecovering, next);
    last = next;
  };
  update();
  return workspace.onChange(update);
}
