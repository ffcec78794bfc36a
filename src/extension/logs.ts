import * as vscode from 'vscode';
import { HoldfastError } from '../base/errors.ts';
import type { SessionManager } from '../client/sessionManager.ts';
import { exists } from '../node/exists.ts';
import { repositoryPlaces, sessionPlaces } from '../node/places.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { Workspace } from './workspace.ts';

interface LogItem extends vscode.QuickPickItem {
  /** The log file; absent for the extension's own channel. */
  file?: string;
}

/** Lets the user pick one of the logs: this window's, the helper's, or a session host's. */
export async function pickLog(workspace: Workspace, log: vscode.LogOutputChannel): Promise<void> {
  const items: LogItem[] = [{ label: 'This window', description: 'the extension' }, ...(await fileItems(workspace))];
  const chosen = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title: 'Show Log' });
  if (chosen?.file) await openLog(chosen.file);
  else if (chosen) log.show();
}

/**
 * Opens what the host of a session has written.
 *
 * @throws {HoldfastError} `SESSION_NOT_FOUND`; `SESSION_NOT_RUNNING` where no host of it ever ran.
 */
export async function showSessionLog(manager: SessionManager, id: string): Promise<SessionRecord> {
  const { machine, workplace } = manager.options;
  const record = manager.require(id);
  const file = sessionPlaces(machine, workplace.key, id).log;
  if (await exists(file)) {
    await openLog(file);
    return record;
  }
  throw new HoldfastError('SESSION_NOT_RUNNING', `“${record.name}” has no log, for it was never started.`, {
    advice: 'Restart it.',
    data: { id, file },
  });
}

async function openLog(file: string): Promise<void> {
  await vscode.window.showTextDocument(vscode.Uri.file(file), { preview: true });
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
  const found = await Promise.all(candidates.map(({ file }) => exists(file)));
  return candidates.filter((_, index) => found[index]);
}
