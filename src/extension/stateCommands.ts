import * as vscode from 'vscode';
import type { ListedSession, SavedSession } from '../core/savedSession.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { ExportOptions, ImportOptions, LoadOptions } from './api.ts';
import {
  doctorSchema,
  exportOneSchema,
  exportSchema,
  importSchema,
  loadSchema,
  nothingSchema,
  restoreSchema,
  saveSchema,
  targetSchema,
} from './argumentSchemas.ts';
import { restoreFromBackup } from './backupPicker.ts';
import { isPlainObject, parseArgument } from './commandArguments.ts';
import type { CommandContext } from './commands.ts';
import { confirm, tell, withProgress } from './dialogs.ts';
import { diagnose, showDoctor } from './doctorReport.ts';
import { showError } from './errorMessage.ts';
import { commandIds } from './ids.ts';
import { rebuildSessions } from './rebuildPicker.ts';
import { pickSavedAction, pickSavedSession, savedName } from './savedSessionPicker.ts';
import { onSession } from './sessionPicker.ts';
import type { ExportedFile } from './stateActions.ts';
import { exportSessions, importSessions } from './transferDialogs.ts';

type Handler = (argument: unknown) => Promise<unknown>;

/** The commands about backups, saved sessions, files and lost sessions. */
export function stateHandlers(context: CommandContext): Record<string, Handler> {
  const { state } = context;
  return {
    [commandIds.restoreFromBackup]: command(context, {
      direct: async (argument) => {
        const { id, sessionIds } = parseArgument(restoreSchema, argument);
        return (await state.restoreBackup(id, sessionIds)).restored;
      },
      asking: () => restoreFromBackup(context),
    }),
    [commandIds.saveSession]: (argument) => saveSession(context, argument),
    [commandIds.listSavedSessions]: command(context, {
      direct: async (argument) => {
        parseArgument(nothingSchema, argument);
        return state.listSaved();
      },
      asking: () => manageSaved(context),
    }),
    [commandIds.loadSavedSession]: command(context, {
      direct: async (argument) => {
        const { id, ...options } = parseArgument(loadSchema, argument);
        return (await state.load(id, options as LoadOptions)).record;
      },
      asking: async () => {
        const chosen = await pickSavedSession(await state.listSaved(), 'Restore Saved Session');
        return chosen && loadSaved(context, chosen);
      },
    }),
    [commandIds.deleteSavedSession]: command(context, {
      direct: (argument) => state.deleteSaved(parseArgument(targetSchema, argument).id),
      asking: async () => {
        const chosen = await pickSavedSession(await state.listSaved(), 'Delete Saved Session');
        return chosen && deleteSaved(context, chosen);
      },
    }),
    [commandIds.exportSession]: (argument) => exportSession(context, argument),
    [commandIds.exportSessions]: command(context, {
      direct: async (argument) => {
        const { file, ...options } = parseArgument(exportSchema, argument);
        return state.exportTo(file, options as ExportOptions);
      },
      asking: () => exportSessions(context),
    }),
    [commandIds.importSessions]: command(context, {
      direct: async (argument) => {
        const { file, ...options } = parseArgument(importSchema, argument);
        return state.importFrom(file, options as ImportOptions);
      },
      asking: () => importSessions(context),
    }),
    [commandIds.doctor]: command(context, {
      direct: (argument) => diagnose(context.workspace, parseArgument(doctorSchema, argument).fix ?? false),
      asking: () => showDoctor(context.workspace),
    }),
    [commandIds.rebuildSessions]: command(context, {
      direct: async (argument) => {
        parseArgument(nothingSchema, argument);
        return state.rebuild();
      },
      asking: () => rebuildSessions(state),
    }),
  };
}

/** With an argument object nothing is asked and errors are thrown; from the palette they are shown. */
function command({ log }: CommandContext, how: { direct: Handler; asking: () => Promise<unknown> }): Handler {
  return async (argument) => {
    if (isPlainObject(argument)) return how.direct(argument);
    try {
      return await how.asking();
    } catch (error) {
      return showError(error, log);
    }
  };
}

async function saveSession(context: CommandContext, argument: unknown): Promise<SavedSession | undefined> {
  const { state } = context;
  if (isPlainObject(argument)) {
    const { id, note } = parseArgument(saveSchema, argument);
    return state.save(id, note);
  }
  return onSession(context, argument, {
    title: 'Save Session',
    action: async (id) => {
      const saved = await state.save(id);
      void tellSaved(saved);
      return saved;
    },
  });
}

async function tellSaved({ name, record }: SavedSession): Promise<void> {
  const limit = record.branch ? ' What is not committed stays in its worktree alone.' : '';
  if (await vscode.window.showInformationMessage(`“${name}” was saved.${limit}`, 'Saved Sessions…'))
    await vscode.commands.executeCommand(commandIds.listSavedSessions);
}

async function manageSaved(context: CommandContext): Promise<unknown> {
  const chosen = await pickSavedSession(await context.state.listSaved(), 'Saved Sessions');
  const action = chosen && (await pickSavedAction(chosen));
  if (!action) return undefined;
  return action === 'restore' ? loadSaved(context, chosen) : deleteSaved(context, chosen);
}

/** Where there are too many sessions, another try may succeed. */
async function loadSaved(context: CommandContext, chosen: ListedSession): Promise<SessionRecord | undefined> {
  const { state, actions, log } = context;
  try {
    const { record, notice } = await withProgress('Restoring the session…', () => state.load(chosen.id));
    if (notice) tell(notice);
    return record;
  } catch (error) {
    const destroyOne = () => vscode.commands.executeCommand(commandIds.destroySession) as Promise<unknown>;
    const { MAX_SESSIONS = () => [] } = actions.createErrorActions(() => loadSaved(context, chosen), destroyOne);
    return showError(error, log, { MAX_SESSIONS });
  }
}

async function deleteSaved({ state }: CommandContext, chosen: ListedSession): Promise<ListedSession | undefined> {
  const name = savedName(chosen);
  const detail = 'Only what was saved is deleted. Sessions, worktrees and branches stay as they are.';
  if (!(await confirm(`Delete the saved session ${name}?`, detail, 'Delete'))) return undefined;
  const deleted = await state.deleteSaved(chosen.id);
  tell(`The saved session ${name} was deleted.`);
  return deleted;
}

async function exportSession(context: CommandContext, argument: unknown): Promise<ExportedFile | undefined> {
  if (isPlainObject(argument)) {
    const { file, id, ...options } = parseArgument(exportOneSchema, argument);
    return context.state.exportTo(file, { ...(options as ExportOptions), sessionIds: [id] });
  }
  return onSession(context, argument, { title: 'Export Session', action: (id) => exportSessions(context, id) });
}
