import * as vscode from 'vscode';

/** Whether the user agrees to `action`, which is the label of the button. */
export async function confirm(message: string, detail: string, action: string): Promise<boolean> {
  return (await vscode.window.showWarningMessage(message, { modal: true, detail }, action)) === action;
}

export function withProgress<T>(title: string, task: () => Promise<T>): Thenable<T> {
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, task);
}

/** How many characters of a message without buttons VS Code shows at least; the rest only on request. */
const shownLength = 50;

/** Tells the user something; a long message gets a button, for only then is all of it shown. */
export function tell(message: string): void {
  void vscode.window.showInformationMessage(message, ...(message.length > shownLength ? ['OK'] : []));
}
