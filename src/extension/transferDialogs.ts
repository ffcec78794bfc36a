import path from 'node:path';
import * as vscode from 'vscode';
import { countSessions } from '../core/presentation.ts';
import type { CommandContext } from './commands.ts';
import { confirm, tell, withProgress } from './dialogs.ts';
import { showError } from './errorMessage.ts';
import type { ExportedFile, ImportedSession, PlannedSession } from './stateActions.ts';

const filters = { 'Holdfast sessions': ['json'] };

/** How many sessions a dialog names. */
const maxNamed = 10;

/** Asks for a file and writes all sessions, or one, to it; undefined if the user does not choose one. */
export async function exportSessions(
  { state, workspace: { folder } }: CommandContext,
  id?: string,
): Promise<ExportedFile | undefined> {
  const sessions = await state.exportable(id === undefined ? undefined : [id]);
  const one = id === undefined ? undefined : sessions[0];
  const target = await vscode.window.showSaveDialog({
    title: one ? `Export “${one.name}”` : 'Export Sessions',
    defaultUri: vscode.Uri.file(path.join(folder, `holdfast-${one?.name ?? path.basename(folder)}.json`)),
    filters,
  });
  if (!target) return undefined;
  // The dialog has asked whether a file that is there may be replaced.
  const options = { force: true, ...(id === undefined ? {} : { sessionIds: [id] }) };
  const exported = await state.exportTo(target.fsPath, options);
  void tellExported(exported);
  return exported;
}

/** Asks for a file and brings its sessions in; undefined if the user does not want to. */
export async function importSessions(context: CommandContext): Promise<ImportedSession[] | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: 'Import Sessions',
    defaultUri: vscode.Uri.file(context.workspace.folder),
    filters,
    openLabel: 'Import',
  });
  const file = chosen?.[0]?.fsPath;
  if (file === undefined) return undefined;
  const salvage = { title: 'Import What Is Sound…', run: () => importFile(context, file, { salvage: true }) };
  return importFile(context, file).catch((error) =>
    showError(error, context.log, { DAMAGED_FILE: ({ data }) => (hasSound(data) ? [salvage] : []) }),
  );
}

/** Shows what would come of a file, and brings its sessions in; undefined if the user does not want to. */
export async function importFile(
  { state }: CommandContext,
  file: string,
  options: { salvage?: boolean } = {},
): Promise<ImportedSession[] | undefined> {
  const planned = await state.planImport(file, options);
  const { length: count } = planned.filter(({ state }) => state === 'planned');
  if (count === 0) return tellNothingToImport(file, planned);
  if (!(await confirm(`Import ${countSessions(count)}?`, describePlanned(planned), 'Import'))) return undefined;
  const imported = await withProgress('Importing sessions…', () => state.importFrom(file, options));
  tellImported(imported);
  return imported;
}

function hasSound({ sound }: Record<string, unknown>): boolean {
  return Array.isArray(sound) && sound.length > 0;
}

async function tellExported({ file, sessions, leftOut }: ExportedFile): Promise<void> {
  const names = [...new Set(Object.values(leftOut).flat())];
  const secrets = names.length > 0 ? ` Left out, as they may be secret: the values of ${names.join(', ')}.` : '';
  const text = `${countSessions(sessions)} exported to ${file}.${secrets}`;
  if (await vscode.window.showInformationMessage(text, 'Open File'))
    await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(file));
}

function describePlanned(planned: readonly PlannedSession[]): string {
  const lines = planned.slice(0, maxNamed).map(({ name, message }) => `${name}: ${message}`);
  const others = planned.length > maxNamed ? [`and ${planned.length - maxNamed} more`] : [];
  return [...lines, ...others, '', 'Nothing is started, and what there is now is backed up first.'].join('\n');
}

function tellNothingToImport(file: string, planned: readonly PlannedSession[]): undefined {
  const failed = planned.filter(({ state }) => state === 'failed');
  if (failed.length > 0) {
    const reasons = failed.slice(0, maxNamed).map(({ message }) => message);
    void vscode.window.showErrorMessage(['Nothing was imported.', ...reasons].join(' '));
  } else {
    const why = planned.length === 0 ? 'there is no session' : 'the list has all sessions already that are';
    tell(`Nothing was imported: ${why} in ${file}.`);
  }
}

function tellImported(imported: readonly ImportedSession[]): void {
  const failed = imported.filter(({ state }) => state === 'failed');
  const came = imported.filter(({ state }) => state === 'imported');
  const skipped = imported.length - failed.length - came.length;
  const there = skipped > 0 ? [`${countSessions(skipped)} ${skipped === 1 ? 'was' : 'were'} in the list already.`] : [];
  const notes = came.flatMap(({ name, message }) => (message === undefined ? [] : [`“${name}”: ${message}`]));
  const summary = [`${countSessions(came.length)} imported.`, ...there, ...notes.slice(0, maxNamed)];
  if (failed.length === 0) tell(summary.join(' '));
  else {
    const reasons = failed.map(({ name, message }) => `“${name}” could not be imported: ${message}`);
    void vscode.window.showErrorMessage([...summary, ...reasons.slice(0, maxNamed)].join(' '));
  }
}
