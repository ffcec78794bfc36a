import path from 'node:path';
import * as vscode from 'vscode';
import { confirm, withProgress } from './dialogs.ts';
import type { ExportedFile, ImportedSession, StateActions } from './stateActions.ts';

const filters = { 'Holdfast sessions': ['json'] };

/** Asks for a file and writes all sessions, or one, to it; undefined if the user does not choose one. */
export async function exportSessions(
  actions: StateActions,
  folder: string,
  session?: { id: string; name: string },
): Promise<ExportedFile | undefined> {
  const name = `holdfast-${session?.name ?? path.basename(folder)}.json`;
  const target = await vscode.window.showSaveDialog({
    title: session ? `Export “${session.name}”` : 'Export Sessions',
    defaultUri: vscode.Uri.file(path.join(folder, name)),
    filters,
  });
  if (!target) return undefined;
  // The dialog has asked whether a file that is there may be replaced.
  const ids = session ? { sessionIds: [session.id] } : {};
  const exported = await actions.exportTo(target.fsPath, { ...ids, force: true });
  void vscode.window.showInformationMessage(describeExport(exported));
  return exported;
}

/** Asks for a file, shows what would come of it, and brings its sessions in; undefined if the user does not want to. */
export async function importSessions(actions: StateActions, folder: string): Promise<ImportedSession[] | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: 'Import Sessions',
    defaultUri: vscode.Uri.file(folder),
    filters,
    openLabel: 'Import',
  });
  const file = chosen?.[0]?.fsPath;
  if (file === undefined) return undefined;
  const planned = await actions.planImport(file);
  const detail = planned.map(({ name, message }) => `${name}: ${message}`).join('\n');
  if (!(await confirm(`Import ${counted(planned.length)}?`, detail, 'Import'))) return undefined;
  const imported = await withProgress('Importing sessions…', () => actions.importFrom(file));
  tellImported(imported);
  return imported;
}

function describeExport({ file, sessions, leftOut }: ExportedFile): string {
  const names = [...new Set(Object.values(leftOut).flat())];
  const secrets = names.length > 0 ? ` Left out, as they may be secret: the values of ${names.join(', ')}.` : '';
  return `${counted(sessions)} exported to ${file}.${secrets}`;
}

function tellImported(imported: readonly ImportedSession[]): void {
  const failed = imported.filter(({ state }) => state === 'failed');
  const came = imported.filter(({ state }) => state === 'imported');
  const skipped = imported.length - failed.length - came.length;
  const there = skipped > 0 ? ` ${counted(skipped)} in the list already.` : '';
  const summary = `${counted(came.length)} imported.${there}`;
  if (failed.length === 0) void vscode.window.showInformationMessage(summary);
  else {
    const reasons = failed.map(({ name, message }) => `“${name}” could not be imported: ${message}`);
    void vscode.window.showErrorMessage([summary, ...reasons].join(' '));
  }
}

function counted(count: number): string {
  return `${count} session${count === 1 ? '' : 's'}`;
}
