import * as vscode from 'vscode';

/** Tells what was found wrong and how it was put right, in one sentence that is not repeated. */
export async function tellOnce(notice: string, log: vscode.LogOutputChannel): Promise<void> {
  log.warn(notice);
  const showLog = 'Show Log';
  if ((await vscode.window.showWarningMessage(notice, showLog)) === showLog) log.show();
}
