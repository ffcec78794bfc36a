import * as v from 'valibot';
import * as vscode from 'vscode';
import type { SavedSession } from '../core/savedSession.ts';
import type { ExportOptions, ImportOptions, LoadOptions } from './api.ts';
import { restoreFromBackup } from './backupPicker.ts';
import { isPlainObject, parseArgument } from './commandArguments.ts';
import type { CommandContext } from './commands.ts';
import { confirm, withProgress } from './dialogs.ts';
import { showError } from './errorMessage.ts';
import { commandIds } from './ids.ts';
import { rebuildSessions } from './rebuildPicker.ts';
import { pickSavedSession } from './savedSessionPicker.ts';
import { onSession } from './sessionPicker.ts';
import { exportSessions, importSessions } from './transferDialogs.ts';

const restoreSchema = v.object({ id: v.string(), sessionIds: v.optional(v.array(v.string())) });
const saveSchema = v.object({ id: v.string(), note: v.optional(v.string()) });
const savedSchema = v.object({ id: v.string() });
const loadSchema = v.object({ id: v.string(), start: v.optional(v.boolean()), show: v.optional(v.boolean()) });
const exportSchema = v.object({
  file: v.string(),
  sessionIds: v.optional(v.array(v.string())),
  includeEnv: v.optional(v.boolean()),
  force: v.optional(v.boolean()),
});
const importSchema = v.object({
  file: v.string(),
  salvage: v.optional(v.boolean()),
  start: v.optional(v.boolean()),
});

type Handler = (argument: unknown) => Promise<unknown>;

/** The commands about backups, saved sessions, files and lost sessions. */
export function stateHandlers(context: CommandContext): Record<string, Handler> {
  const { state } = context;
  return {
    [commandIds.restoreFromBackup]: command(context, {
      direct: (argument) => {
        const { id, sessionIds } = parseArgument(restoreSchema, argument);
        return state.restoreBackup(id, sessionIds);
      },
      asking: async () => restoreFromBackup(await state.keeper()),
    }),
    [commandIds.saveSession]: (argument) => saveSession(context, argument),
    [commandIds.listSavedSessions]: command(context, {
      direct: () => state.listSaved(),
      asking: () => loadSaved(context, 'Saved Sessions'),
    }),
    [commandIds.loadSavedSession]: command(context, {
      direct: async (argument) => {
        const { id, ...options } = parseArgument(loadSchema, argument);
        return (await state.load(id, options as LoadOptions)).record;
      },
      asking: () => loadSaved(context, 'Restore Saved Session'),
    }),
    [commandIds.deleteSavedSession]: command(context, {
      direct: (argument) => state.deleteSaved(parseArgument(savedSchema, argument).id),
      asking: () => deleteSaved(context),
    }),
    [commandIds.exportSessions]: (argument) => exportTo(context, argument),
    [commandIds.importSessions]: command(context, {
      direct: (argument) => {
        const { file, ...options } = parseArgument(importSchema, argument);
        return state.importFrom(file, options as ImportOptions);
      },
      asking: () => importSessions(state, context.workspace.folder),
    }),
    [commandIds.rebuildSessions]: command(context, {
      direct: () => state.rebuild(),
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
      const text = `“${saved.name}” was saved. “Holdfast: Restore Saved Session…” brings it back, also after it was destroyed; what is not committed stays in its worktree alone.`;
      void vscode.window.showInformationMessage(text);
      return saved;
    },
  });
}

async function loadSaved({ state }: CommandContext, title: string): Promise<unknown> {
  const chosen = await pickSavedSession(await state.listSaved(), title);
  if (!chosen) return undefined;
  const { record, notice } = await withProgress('Restoring the session…', () => state.load(chosen.id));
  if (notice) void vscode.window.showInformationMessage(notice);
  return record;
}

async function deleteSaved({ state }: CommandContext): Promise<unknown> {
  const chosen = await pickSavedSession(await state.listSaved(), 'Delete Saved Session');
  if (!chosen) return undefined;
  const name = chosen.state === 'sound' ? `“${chosen.name}”` : chosen.id;
  const detail = 'Only what was saved is deleted. Sessions, worktrees and branches stay as they are.';
  return (await confirm(`Delete the saved session ${name}?`, detail, 'Delete'))
    ? state.deleteSaved(chosen.id)
    : undefined;
}

/** From the menu of a session that one alone, else all of them. */
async function exportTo(context: CommandContext, argument: unknown): Promise<unknown> {
  const { state, workspace, log } = context;
  if (isPlainObject(argument)) {
    const { file, ...options } = parseArgument(exportSchema, argument);
    return state.exportTo(file, options as ExportOptions);
  }
  try {
    const manager = await workspace.manager();
    const session = typeof argument === 'string' ? manager.require(argument) : undefined;
    return await exportSessions(state, workspace.folder, session);
  } catch (error) {
    return showError(error, log);
  }
}
