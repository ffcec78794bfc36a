import * as vscode from 'vscode';

/** Lets the user edit all of a commit’s message in an editor; undefined where they turn away. */
export async function editMessage(message: string): Promise<string | undefined> {
  const document = await vscode.workspace.openTextDocument({ content: message, language: 'git-commit' });
  await vscode.window.showTextDocument(document, { preview: false });
  const use = 'Use This Message';
  const chosen = await vscode.window.showInformationMessage('Edit the commit’s message, then go on.', use, 'Cancel');
  const text = document.getText();
  await close(document);
  return chosen === use ? text : undefined;
}

/** It is no file, so that there is nothing to save. */
async function close(document: vscode.TextDocument): Promise<void> {
  if (document.isClosed) return;
  await vscode.window.showTextDocument(document);
  await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
}
