import * as vscode from 'vscode';
import { type DestroyAnswer, destroyDialog } from '../core/destroyWords.ts';
import { isRunning } from '../core/sessionRecord.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { DestroyedSession } from './api.ts';
import { withProgress } from './dialogs.ts';
import { commandIds } from './ids.ts';
import { readSettings } from './settings.ts';
import type { Workspace } from './workspace.ts';

/** Shows what would go with a session and asks what is to become of it; undefined where it is not to be destroyed. */
export async function askHowToDestroy(workspace: Workspace, record: SessionRecord): Promise<DestroyAnswer | undefined> {
  const manager = await workspace.manager();
  const preview = await withProgress('Looking at its worktree…', () => manager.previewDestroy(record.id));
  const keepDays = readSettings().supervision.archiveKeepDays;
  const { detail, buttons } = destroyDialog({ ...preview, isRunning: isRunning(record) }, { keepDays });
  const labels = buttons.map(({ label }) => label);
  const message = `Destroy “${record.name}”?`;
  const chosen = await vscode.window.showWarningMessage(message, { modal: true, detail }, ...labels);
  return buttons.find(({ label }) => label === chosen)?.answer;
}

/** Tells what has become of the worktree, where that is not as if there had been none. */
export async function tellFate(record: DestroyedSession, answer: DestroyAnswer | undefined): Promise<void> {
  if (record.kept && record.isPending) tellPending(record, record.kept);
  else if (record.kept) await tellKept(record, record.kept, answer === 'keep' ? '' : ` (${record.kept.reason})`);
  else if (record.archive !== undefined && (answer === 'archive' || answer === 'remove')) await tellArchived(record);
}

function tellPending({ name, archive }: DestroyedSession, { reason }: NonNullable<DestroyedSession['kept']>): void {
  const archived = archive === undefined ? '' : ' All of it is archived.';
  const text = `“${name}” was destroyed. Its worktree cannot be removed yet (${reason}); that is done later.${archived}`;
  void vscode.window.showInformationMessage(text, 'OK');
}

async function tellArchived({ id, name }: DestroyedSession): Promise<void> {
  const restore = 'Restore';
  const text = `“${name}” was destroyed, and its worktree is archived.`;
  if ((await vscode.window.showInformationMessage(text, restore)) === restore)
    await vscode.commands.executeCommand(commandIds.restoreArchivedSession, { id });
}

async function tellKept(
  { name, branch, worktreePath }: SessionRecord,
  { path }: NonNullable<DestroyedSession['kept']>,
  why: string,
): Promise<void> {
  const what = path === worktreePath ? `worktree and the branch ${branch} were` : `work on ${branch} was`;
  const text = `“${name}” was destroyed. Its ${what} kept${why}: ${path}`;
  const chosen = await vscode.window.showInformationMessage(text, 'Open Folder');
  if (chosen)
    await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(path), { forceNewWindow: true });
}
