import * as vscode from 'vscode';
import { listOf } from '../core/presentation.ts';

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

/** How many sentences a message has at most; all of them are in the log. */
const maxSentences = 5;

/** Tells what became of many sessions: in one sentence, what of it is to be known, and why some of it failed. */
export function tellMany(
  log: vscode.LogOutputChannel,
  { summary, notes = [], reasons }: { summary: string; notes?: readonly string[]; reasons: readonly string[] },
): void {
  for (const note of notes) log.info(note);
  for (const reason of reasons) log.error(reason);
  const sentences = [...reasons, ...notes];
  const text = [summary, ...listOf(sentences, maxSentences)].join(' ');
  if (reasons.length === 0 && sentences.length <= maxSentences) tell(text);
  else void offerLog(log, text, reasons.length > 0);
}

async function offerLog(log: vscode.LogOutputChannel, text: string, isError: boolean): Promise<void> {
  const show = isError ? vscode.window.showErrorMessage : vscode.window.showInformationMessage;
  const showLog = 'Show Log';
  if ((await show(text, showLog)) === showLog) log.show();
}
