import * as vscode from 'vscode';
import type { ListedArchive } from '../node/archiveList.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { LoadOptions } from './api.ts';
import { archivedName, pickArchivedSession } from './archivedSessionPicker.ts';
import { loadSchema, targetSchema } from './argumentSchemas.ts';
import { isPlainObject, parseArgument } from './commandArguments.ts';
import type { CommandContext } from './commands.ts';
import { confirm, tell, withProgress } from './dialogs.ts';
import { showError } from './errorMessage.ts';
import { commandIds } from './ids.ts';

type Handler = (argument: unknown) => Promise<unknown>;

/** The commands about the archives of destroyed sessions' worktrees. */
export function archiveHandlers(context: CommandContext): Record<string, Handler> {
  return {
    [commandIds.restoreArchivedSession]: (argument) => restore(context, argument),
    [commandIds.deleteArchivedSession]: (argument) => remove(context, argument),
  };
}

async function restore(context: CommandContext, argument: unknown): Promise<SessionRecord | undefined> {
  const { state, log } = context;
  if (isPlainObject(argument)) {
    const { id, ...options } = parseArgument(loadSchema, argument);
    return (await state.restoreArchived(id, options as LoadOptions)).record;
  }
  try {
    const chosen = await pickArchivedSession(await state.listArchived(), 'Restore Archived Session');
    return chosen && (await restoreChosen(context, chosen));
  } catch (error) {
    return showError(error, log);
  }
}

/** Where there are too many sessions, another try may succeed. */
async function restoreChosen(context: CommandContext, chosen: ListedArchive): Promise<SessionRecord | undefined> {
  const { state, actions, log } = context;
  try {
    const { record, notice } = await withProgress('Restoring the session…', () => state.restoreArchived(chosen.id));
    const what = `“${record.name}” is back, with its worktree as it was.`;
    tell(notice === undefined ? what : notice);
    return record;
  } catch (error) {
    const destroyOne = () => vscode.commands.executeCommand(commandIds.destroySession) as Promise<unknown>;
    const { MAX_SESSIONS = () => [] } = actions.createErrorActions(() => restoreChosen(context, chosen), destroyOne);
    return showError(error, log, { MAX_SESSIONS });
  }
}

async function remove({ state, log }: CommandContext, argument: unknown): Promise<ListedArchive | undefined> {
  if (isPlainObject(argument)) return state.deleteArchived(parseArgument(targetSchema, argument).id);
  try {
    const chosen = await pickArchivedSession(await state.listArchived(), 'Delete Archived Session');
    if (!chosen) return undefined;
    const name = archivedName(chosen);
    const detail = 'What was in its worktree and is nowhere else is then lost for good.';
    if (!(await confirm(`Delete the archived session ${name}?`, detail, 'Delete'))) return undefined;
    const deleted = await state.deleteArchived(chosen.id);
    tell(`The archived session ${name} was deleted.`);
    return deleted;
  } catch (error) {
    return showError(error, log);
  }
}
