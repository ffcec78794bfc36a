import * as vscode from 'vscode';
import { describeArchive } from '../core/archiveWords.ts';
import { ago } from '../core/presentation.ts';
import type { ListedArchive } from '../node/archiveList.ts';
import { tell } from './dialogs.ts';

/** Lets the user choose one of the archived sessions; undefined where there is none or they do not. */
export async function pickArchivedSession(
  archives: readonly ListedArchive[],
  title: string,
): Promise<ListedArchive | undefined> {
  if (archives.length === 0) {
    tell('No session is archived. A session’s worktree is archived when it is destroyed.');
    return undefined;
  }
  const now = new Date();
  const items = archives.map((archive) => ({ ...describe(archive, now), archive }));
  const options = { title, placeHolder: 'Which archived session?', matchOnDescription: true };
  return (await vscode.window.showQuickPick(items, options))?.archive;
}

/** How an archived session is called in a sentence. */
export function archivedName(archive: ListedArchive): string {
  return archive.state === 'sound' ? `“${archive.about.session.name}”` : archive.id;
}

function describe(archive: ListedArchive, now: Date): vscode.QuickPickItem {
  const time = archive.archivedAt === undefined ? '' : `archived ${ago(archive.archivedAt, now)}`;
  if (archive.state !== 'sound')
    return { label: `$(warning) ${archive.id}`, description: time, detail: `Cannot be used: ${archive.problem}.` };
  const { session } = archive.about;
  return {
    label: `$(archive) ${session.name}`,
    description: [session.branch, time].join(', '),
    detail: describeArchive(archive.about),
  };
}
