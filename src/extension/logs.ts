import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { repositoryPlaces, sessionPlaces } from '../node/places.ts';
import type { Workspace } from './workspace.ts';

interface LogItem extends vscode.QuickPickItem {
  /** The log file; absent for the extension's own channel. */
  file?: string;
}

/** Lets the user pick one of the logs: this window's, the helper's, or a session host's. */
export async function showLog(workspace: Workspace, log: vscode.LogOutputChannel): Promise<void> {
  const items: LogItem[] = [{ label: 'This window', description: 'the extension' }, ...(await fileItems(workspace))];
  const chosen = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title: 'Show Log' });
  if (chosen?.file) await vscode.window.showTextDocument(vscode.Uri.file(chosen.file), { preview: true });
  else if (chosen) log.show();
}

async function fileItems(workspace: Workspace): Promise<LogItem[]> {
  const manager = await workspace.manager().catch(() => undefined);
  if (!manager) return [];
  const { machine, workplace } = manager.options;
  const candidates = [
    { label: 'Helper', description: 'this repository', file: repositoryPlaces(machine, workplace.key).helperLog },
    ...manager.list().map(({ id, name }) => ({
      label: name,
      description: 'session host',
      file: sessionPlaces(machine, workplace.key, id).log,
    })),
  ];
  const found = await Promise.all(
    candidates.map(({ file }) =>
      stat(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  return candidates.filter((_, index) => found[index]);
}
