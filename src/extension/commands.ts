import * as vscode from 'vscode';
import { surveySources } from '../client/sourceSurvey.ts';
import type { DestroyAnswer } from '../core/destroyWords.ts';
import { leftNotice } from '../core/healthPresentation.ts';
import { isGoingOn, isRunning } from '../core/sessionRecord.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { DestroyedSession, DestroyOptions, NewSessionOptions } from './api.ts';
import { archiveHandlers } from './archiveCommands.ts';
import {
  destroySchema,
  logSchema,
  newSessionSchema,
  nothingSchema,
  renameSchema,
  repairSchema,
  targetSchema,
} from './argumentSchemas.ts';
import { isPlainObject, parseArgument } from './commandArguments.ts';
import { askHowToDestroy, tellFate } from './destroyDialog.ts';
import { confirm, tell, withProgress } from './dialogs.ts';
import { showError } from './errorMessage.ts';
import type { HomeActions } from './homeActions.ts';
import { homeHandlers } from './homeCommands.ts';
import { commandIds } from './ids.ts';
import { pickLog } from './logs.ts';
import { isCancelled, tellCancelled } from './longTask.ts';
import { promptName, promptNewSession } from './newSessionPrompt.ts';
import { type SessionActions, type SourceChanges, withChanges } from './sessionActions.ts';
import { onSession } from './sessionPicker.ts';
import { readSettings } from './settings.ts';
import { setupHandlers } from './setupCommands.ts';
import type { StateActions } from './stateActions.ts';
import { stateHandlers } from './stateCommands.ts';
import type { SupervisionActions } from './supervisionActions.ts';
import { supervisionHandlers } from './supervisionCommands.ts';
import type { Workspace } from './workspace.ts';
import type { WorktreeActions } from './worktreeActions.ts';
import { worktreeHandlers } from './worktreeCommands.ts';
import { askRepair, inspectWorktree, repairWorktree } from './worktreeRepair.ts';

export interface CommandContext {
  workspace: Workspace;
  actions: SessionActions;
  state: StateActions;
  supervision: SupervisionActions;
  home: HomeActions;
  worktrees: WorktreeActions;
  log: vscode.LogOutputChannel;
  memento: vscode.Memento;
}

/** Registers every command. With an argument object none of them asks, and errors are thrown to the caller. */
export function registerCommands(context: CommandContext): vscode.Disposable {
  const { actions } = context;
  const handlers: Record<string, (argument: unknown) => Promise<unknown>> = {
    [commandIds.newSession]: (argument) => newSession(context, argument),
    [commandIds.showTerminal]: (argument) =>
      onSession(context, argument, { title: 'Show Terminal', action: (id) => actions.showTerminal(id) }),
    [commandIds.stopSession]: (argument) =>
      onSession(context, argument, {
        title: 'Stop Session',
        action: (id) => actions.stop(id),
        applies: isGoingOn,
        none: 'No session is running.',
      }),
    [commandIds.restartSession]: (argument) =>
      onSession(context, argument, { title: 'Restart Session', action: (id) => restart(context, id, argument) }),
    [commandIds.renameSession]: (argument) => renameSession(context, argument),
    [commandIds.destroySession]: (argument) => destroySession(context, argument),
    [commandIds.repairWorktree]: (argument) => repair(context, argument),
    [commandIds.showLog]: (argument) => showLog(context, argument),
    [commandIds.restartHelper]: (argument) => restartHelper(context, argument),
    [commandIds.tryAgain]: (argument) => tryAgain(context, argument),
    ...setupHandlers(context),
    ...stateHandlers(context),
    ...supervisionHandlers(context),
    ...homeHandlers(context),
    ...archiveHandlers(context),
    ...worktreeHandlers(context),
  };
  const registered = Object.entries(handlers).map(([id, handler]) => vscode.commands.registerCommand(id, handler));
  return vscode.Disposable.from(...registered);
}

async function newSession(context: CommandContext, argument: unknown): Promise<SessionRecord | undefined> {
  if (isPlainObject(argument))
    return context.actions.create(parseArgument(newSessionSchema, argument) as NewSessionOptions);
  const { workspace, log, memento } = context;
  try {
    const manager = await workspace.manager();
    const taken = manager.list().map(({ name }) => name);
    const sources = { manager, survey: surveySources(manager), initialize: () => context.actions.initialize() };
    const options = await promptNewSession({ memento, taken, shell: readSettings().shell, sources });
    return options && (await createWithHelp(context, options));
  } catch (error) {
    return showError(error, log);
  }
}

/** What can be done about a failure ends in another try, which may meet the next one. */
async function createWithHelp(context: CommandContext, options: NewSessionOptions): Promise<SessionRecord | undefined> {
  const { actions, log } = context;
  try {
    return await actions.create(options);
  } catch (error) {
    if (isCancelled(error)) return tellCancelled(error);
    const again = (changes: SourceChanges) => createWithHelp(context, withChanges(options, changes));
    const destroyOne = () => vscode.commands.executeCommand(commandIds.destroySession) as Promise<unknown>;
    return showError(error, log, actions.createErrorActions(again, destroyOne));
  }
}

async function renameSession(context: CommandContext, argument: unknown): Promise<SessionRecord | undefined> {
  const given = isPlainObject(argument) ? parseArgument(renameSchema, argument) : undefined;
  if (given?.name !== undefined) return context.actions.rename(given.id, given.name);
  const askName = async (id: string) => {
    const manager = await context.workspace.manager();
    const others = manager.list().filter((record) => record.id !== id);
    const name = await promptName(
      others.map((other) => other.name),
      manager.require(id).name,
    );
    return name === undefined ? undefined : context.actions.rename(id, name);
  };
  return onSession(context, given ? given.id : argument, { title: 'Rename Session', action: askName });
}

async function restart(
  { workspace, actions }: CommandContext,
  id: string,
  argument: unknown,
): Promise<SessionRecord | undefined> {
  const record = workspace.get(id);
  const mustAsk = record && isRunning(record) && !isPlainObject(argument);
  if (mustAsk && !(await confirm(`Restart “${record.name}”?`, 'Its process will be ended first.', 'Restart')))
    return undefined;
  return actions.restart(id);
}

async function destroySession(context: CommandContext, argument: unknown): Promise<DestroyedSession | undefined> {
  if (isPlainObject(argument)) {
    const { id, ...options } = parseArgument(destroySchema, argument);
    return destroy(context, id, options as DestroyOptions);
  }
  return onSession(context, argument, {
    title: 'Destroy Session',
    action: async (id) => {
      const record = context.workspace.get(id);
      const answer = record && (await askHowToDestroy(context.workspace, record));
      if (record && answer === undefined) return undefined;
      const worktree = answer === 'plain' ? undefined : answer;
      return destroyWithHelp(context, id, worktree === undefined ? {} : { worktree }, answer);
    },
  });
}

/** What keeps a session from going can be left out. */
async function destroyWithHelp(
  context: CommandContext,
  id: string,
  options: DestroyOptions,
  answer: DestroyAnswer | undefined,
): Promise<DestroyedSession | undefined> {
  try {
    return await destroy(context, id, options, answer);
  } catch (error) {
    if (isCancelled(error)) return void tell(error.text);
    const again = () => destroy(context, id, { ...options, skipTeardown: true }, answer);
    const without = { title: 'Destroy Without Teardown', run: again };
    return showError(error, context.log, { TEARDOWN_FAILED: () => [without] });
  }
}

async function destroy(
  { actions, supervision }: CommandContext,
  id: string,
  options: DestroyOptions,
  answer?: DestroyAnswer,
): Promise<DestroyedSession> {
  const destroyed = await withProgress('Destroying the session…', () => actions.destroy(id, options));
  void tellFate(destroyed, answer);
  void tellLeft(supervision, destroyed);
  return destroyed;
}

/** Without its session nothing else would tell of them. */
async function tellLeft(supervision: SupervisionActions, record: SessionRecord): Promise<void> {
  const left = leftNotice(record, await supervision.health().catch(() => undefined));
  const review = 'Review Leftovers…';
  if (left !== undefined && (await vscode.window.showWarningMessage(left, review)) === review)
    await vscode.commands.executeCommand(commandIds.reviewLeftovers);
}

/** With an id alone it tells how the worktree is, and what can be done about it. */
async function repair(context: CommandContext, argument: unknown): Promise<unknown> {
  const { workspace } = context;
  if (isPlainObject(argument)) {
    if (!('repair' in argument)) return inspectWorktree(workspace, parseArgument(targetSchema, argument).id);
    return repairWorktree(workspace, parseArgument(repairSchema, argument));
  }
  return onSession(context, argument, {
    title: 'Repair Worktree',
    action: (id) => askRepair(workspace, id, { modal: true }),
    applies: ({ branch }) => branch !== '',
    none: 'No session has a worktree.',
  });
}

async function showLog({ workspace, actions, log }: CommandContext, argument: unknown): Promise<unknown> {
  return isPlainObject(argument) ? actions.showLog(parseArgument(logSchema, argument).id) : pickLog(workspace, log);
}

async function restartHelper({ actions, log }: CommandContext, argument: unknown): Promise<void> {
  if (isPlainObject(argument)) {
    parseArgument(nothingSchema, argument);
    return actions.restartHelper();
  }
  try {
    await actions.restartHelper();
    void vscode.window.showInformationMessage('The helper was restarted. All sessions ran on.');
  } catch (error) {
    await showError(error, log);
  }
}

/** Restores the sessions where that failed before, as every other command does on its way. */
async function tryAgain({ workspace, log }: CommandContext, argument: unknown): Promise<void> {
  if (isPlainObject(argument)) parseArgument(nothingSchema, argument);
  try {
    await workspace.manager();
  } catch (error) {
    if (isPlainObject(argument)) throw error;
    await showError(error, log);
  }
}
