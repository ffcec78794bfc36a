import * as vscode from 'vscode';
import { counted } from '../core/mergePlan.ts';
import type { MergedHere } from '../node/mergeHere.ts';
import type { CommandContext } from './commands.ts';
import { tell } from './dialogs.ts';
import { commandIds } from './ids.ts';

/** Tells what became of a merge in a session’s own worktree, and where its conflicts are to be resolved. */
export function tellMergedHere(
  { workspace }: CommandContext,
  id: string,
  { from, state, files }: MergedHere & { from: string },
): void {
  const { name = '', worktreePath = '' } = workspace.get(id) ?? {};
  if (state === 'merged') {
    tell(`${from} was merged into “${name}” without conflicts.`);
    return;
  }
  const text = `${from} is being merged into “${name}”: resolve ${counted(files.length, 'file')} there and commit.`;
  const actions: Record<string, () => Thenable<unknown>> = {
    'Show Terminal': () => vscode.commands.executeCommand(commandIds.showTerminal, id),
    'Open Folder': () =>
      vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(worktreePath), { forceNewWindow: true }),
  };
  void vscode.window
    .showInformationMessage(text, ...Object.keys(actions))
    .then((chosen) => chosen && actions[chosen]?.());
}
