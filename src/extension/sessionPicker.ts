import * as vscode from 'vscode';
import { describeSession, lookOf } from '../core/presentation.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { targetSchema } from './argumentSchemas.ts';
import { isPlainObject, parseArgument } from './commandArguments.ts';
import { tell } from './dialogs.ts';
import { showError } from './errorMessage.ts';
import type { Workspace } from './workspace.ts';
import { worktreeErrorActions } from './worktreeRepair.ts';

export interface SessionCommand<T> {
  title: string;
  action: (id: string) => Promise<T>;
  /** Which sessions are offered; all of them if left out. */
  applies?: (record: SessionRecord) => boolean;
  /** What is told where there is none of these. */
  none?: string;
}

/**
 * Runs a command on the session that is meant: the argument's, the tree item's, the one picked. Called with an
 * argument object it rejects; called from the palette it shows what went wrong.
 */
export async function onSession<T>(
  { workspace, log }: { workspace: Workspace; log: vscode.LogOutputChannel },
  argument: unknown,
  command: SessionCommand<T>,
): Promise<T | undefined> {
  if (isPlainObject(argument)) return command.action(parseArgument(targetSchema, argument).id);
  try {
    await workspace.manager();
    const id = typeof argument === 'string' ? argument : await pickSession(workspace, command);
    return id === undefined ? undefined : await command.action(id);
  } catch (error) {
    return showError<T>(error, log, worktreeErrorActions);
  }
}

/** That there is none to choose from is nobody’s failure. */
async function pickSession(
  workspace: Workspace,
  { title, applies = () => true, none = 'There is no session yet.' }: SessionCommand<unknown>,
): Promise<string | undefined> {
  const records = workspace.list().filter(applies);
  if (records.length === 0) {
    tell(none);
    return undefined;
  }
  const now = new Date();
  const items = records.map((record) => ({
    label: `$(${lookOf(record).icon}) ${record.name}`,
    description: describeSession(record, now),
    id: record.id,
  }));
  const active = items.find(({ id }) => id === workspace.activeSession);
  const sorted = active ? [active, ...items.filter((item) => item !== active)] : items;
  return (await vscode.window.showQuickPick(sorted, { title, placeHolder: 'Which session?' }))?.id;
}
