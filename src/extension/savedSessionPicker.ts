import * as vscode from 'vscode';
import { ago } from '../core/presentation.ts';
import type { ListedSession } from '../core/savedSession.ts';
import { tell } from './dialogs.ts';

/** Lets the user choose one of the saved sessions; undefined where there is none or they do not. */
export async function pickSavedSession(
  saved: readonly ListedSession[],
  title: string,
): Promise<ListedSession | undefined> {
  if (saved.length === 0) {
    tell('No session is saved. Use “Holdfast: Save Session”.');
    return undefined;
  }
  const now = new Date();
  const items = saved.map((session) => ({ ...describe(session, now), session }));
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Which saved session?' }))?.session;
}

/** Lets the user choose what to do with a saved session; undefined if they do not. */
export async function pickSavedAction(session: ListedSession): Promise<'restore' | 'delete' | undefined> {
  const items = [
    {
      label: '$(debug-restart) Restore',
      detail: 'Bring it back, in its old worktree or a new one.',
      action: 'restore',
    },
    { label: '$(trash) Delete…', detail: 'Delete what was saved, and nothing else.', action: 'delete' },
  ] as const;
  const title = `Saved Session ${savedName(session)}`;
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'What to do with it?' }))?.action;
}

/** How a saved session is called in a sentence. */
export function savedName(session: ListedSession): string {
  return session.state === 'sound' ? `“${session.name}”` : session.id;
}

function describe(session: ListedSession, now: Date): vscode.QuickPickItem {
  const time = `saved ${ago(session.savedAt, now)}`;
  if (session.state !== 'sound')
    return { label: `$(warning) ${session.id}`, description: time, detail: `Cannot be used: ${session.problem}.` };
  const { name, record, note } = session;
  return {
    label: `$(bookmark) ${name}`,
    description: [record.branch, time].filter(Boolean).join(', '),
    ...(note === undefined ? {} : { detail: note }),
  };
}
