import * as vscode from 'vscode';
import { age } from '../core/presentation.ts';
import type { ListedSession } from '../core/savedSession.ts';

/** Lets the user choose one of the saved sessions; undefined where there is none or they do not. */
export async function pickSavedSession(
  saved: readonly ListedSession[],
  title: string,
): Promise<ListedSession | undefined> {
  if (saved.length === 0) {
    void vscode.window.showInformationMessage('No session is saved. Save one with “Holdfast: Save Session”.');
    return undefined;
  }
  const now = new Date();
  const items = saved.map((session) => ({ ...describe(session, now), session }));
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Which saved session?' }))?.session;
}

function describe(session: ListedSession, now: Date): vscode.QuickPickItem {
  const time = `saved ${age(session.savedAt, now)} ago`;
  if (session.state !== 'sound')
    return { label: `$(warning) ${session.id}`, description: time, detail: session.problem };
  const { name, record, note } = session;
  return {
    label: `$(bookmark) ${name}`,
    description: [record.branch, time].filter(Boolean).join(', '),
    ...(note === undefined ? {} : { detail: note }),
  };
}
