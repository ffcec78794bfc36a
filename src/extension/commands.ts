import * as v from 'valibot';
import * as vscode from 'vscode';
import { HoldfastError } from '../base/errors.ts';
import { describeSession, statusLook } from '../core/presentation.ts';
import { isRunning } from '../core/sessionRecord.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { DestroyedSession, NewSessionOptions } from './api.ts';
import { showError } from './errorMessage.ts';
import { commandIds } from './ids.ts';
import { pickLog } from './logs.ts';
import { promptName, promptNewSession } from './newSessionPrompt.ts';
import type { SessionActions } from './sessionActions.ts';
import { readSettings } from './settings.ts';
import type { Workspace } from './workspace.ts';

export interface CommandContext {
  workspace: Workspace;
  actions: SessionActions;
  log: vscode.LogOutputChannel;
  memento: vscode.Memento;
}

const newSessionSchema = v.object({
  name: v.optional(v.string()),
  branch: v.optional(v.string()),
  baseBranch: v.optional(v.string()),
  command: v.optional(v.union([v.string(), v.array(v.string())])),
  cwd: v.optional(v.string()),
  env: v.optional(v.record(v.string(), v.string())),
  show: v.optional(v.boolean()),
  worktree: v.optional(v.boolean()),
});

const targetSchema = v.object({ id: v.string() });
const logSchema = v.object({ id: v.optional(v.string()) });
const renameSchema = v.object({ id: v.string(), name: v.optional(v.string()) });

/** Registers every command. With an argument object none of them asks, and errors are thrown to the caller. */
export function registerCommands(context: CommandContext): vscode.Disposable {
  const { actions } = context;
  const handlers: Record<string, (argument: unknown) => Promise<unknown>> = {
    [commandIds.newSession]: (argument) => newSession(context, argument),
    [commandIds.showTerminal]: (argument) =>
      onSession(context, argument, 'Show Terminal', (id) => actions.showTerminal(id)),
    [commandIds.stopSession]: (argument) =>
      onSession(context, argument, 'Stop Session', (id) => actions.stop(id), isRunning),
    [commandIds.restartSession]: (argument) =>
      onSession(context, argument, 'Restart Session', (id) => restart(context, id, argument)),
    [commandIds.renameSession]: (argument) => renameSession(context, argument),
    [commandIds.destroySession]: (argument) =>
      onSession(context, argument, 'Destroy Session', (id) => destroy(context, id, argument)),
    [commandIds.showLog]: (argument) => showLog(context, argument),
    [commandIds.restartHelper]: (argument) => restartHelper(context, argument),
    [commandIds.tryAgain]: (argument) => tryAgain(context, argument),
  };
  const registered = Object.entries(handlers).map(([id, handler]) => vscode.commands.registerCommand(id, handler));
  return vscode.Disposable.from(...registered);
}

async function newSession(context: CommandContext, argument: unknown): Promise<SessionRecord | undefined> {
  if (isPlainObject(argument)) return context.actions.create(toNewSession(parse(newSessionSchema, argument)));
  const { workspace, log, memento } = context;
  try {
    const manager = await workspace.manager();
    const taken = manager.list().map(({ name }) => name);
    const options = await promptNewSession({ memento, taken, shell: readSettings().shell });
    return options && (await createWithHelp(context, options));
  } catch (error) {
    return showError(error, log);
  }
}

/** What can be done about a failure ends in another try, which may meet the next one. */
async function createWithHelp(context: CommandContext, options: NewSessionOptions): Promise<SessionRecord | undefined> {
  const { actions, log } = context;
  try {
    return await withProgress('Creating the session…', () => actions.create(options));
  } catch (error) {
    const again = (changes: NewSessionOptions) => createWithHelp(context, { ...options, ...changes });
    const destroyOne = () => vscode.commands.executeCommand(commandIds.destroySession) as Promise<unknown>;
    return showError(error, log, actions.createErrorActions(again, destroyOne));
  }
}

async function renameSession(context: CommandContext, argument: unknown): Promise<SessionRecord | undefined> {
  const given = isPlainObject(argument) ? parse(renameSchema, argument) : undefined;
  if (given?.name !== undefined) return context.actions.rename(given.id, given.name);
  return onSession(context, given ? given.id : argument, 'Rename Session', async (id) => {
    const manager = await context.workspace.manager();
    const others = manager.list().filter((record) => record.id !== id);
    const name = await promptName(
      others.map((other) => other.name),
      manager.require(id).name,
    );
    return name === undefined ? undefined : context.actions.rename(id, name);
  });
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

async function destroy(
  { workspace, actions }: CommandContext,
  id: string,
  argument: unknown,
): Promise<DestroyedSession | undefined> {
  const record = workspace.get(id);
  if (record && !isPlainObject(argument)) {
    const ending = isRunning(record) ? 'Its process will be ended. ' : '';
    const fate = record.branch
      ? 'Its worktree is removed only if nothing in it is uncommitted, untracked or unmerged, and no ignored file would be lost.'
      : 'Its folder stays as it is.';
    const detail = ending + fate;
    if (!(await confirm(`Destroy “${record.name}”?`, detail, 'Destroy'))) return undefined;
  }
  const destroyed = await withProgress('Destroying the session…', () => actions.destroy(id));
  if (destroyed.kept) void tellKept(destroyed, destroyed.kept);
  return destroyed;
}

async function tellKept(
  { name, branch, worktreePath }: SessionRecord,
  { path, reason }: NonNullable<DestroyedSession['kept']>,
): Promise<void> {
  const what = path === worktreePath ? `worktree and the branch ${branch} were` : `work on ${branch} was`;
  const text = `“${name}” was destroyed. Its ${what} kept (${reason}): ${path}`;
  const chosen = await vscode.window.showInformationMessage(text, 'Open Folder');
  if (chosen)
    await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(path), { forceNewWindow: true });
}

async function showLog({ workspace, actions, log }: CommandContext, argument: unknown): Promise<unknown> {
  return isPlainObject(argument) ? actions.showLog(parse(logSchema, argument).id) : pickLog(workspace, log);
}

async function restartHelper({ actions, log }: CommandContext, argument: unknown): Promise<void> {
  if (isPlainObject(argument)) return actions.restartHelper();
  try {
    await actions.restartHelper();
    void vscode.window.showInformationMessage('The helper was restarted. All sessions ran on.');
  } catch (error) {
    await showError(error, log);
  }
}

/** Restores the sessions where that failed before, as every other command does on its way. */
async function tryAgain({ workspace, log }: CommandContext, argument: unknown): Promise<void> {
  try {
    await workspace.manager();
  } catch (error) {
    if (isPlainObject(argument)) throw error;
    await showError(error, log);
  }
}

/**
 * Runs `action` on the session that is meant: the argument's, the tree item's, the one picked. Called with an
 * argument object it rejects; called from the palette it shows what went wrong.
 */
async function onSession<T>(
  { workspace, log }: CommandContext,
  argument: unknown,
  title: string,
  action: (id: string) => Promise<T>,
  applies: (record: SessionRecord) => boolean = () => true,
): Promise<T | undefined> {
  if (isPlainObject(argument)) return action(parse(targetSchema, argument).id);
  try {
    await workspace.manager();
    const id = typeof argument === 'string' ? argument : await pickSession(workspace, title, applies);
    return id === undefined ? undefined : await action(id);
  } catch (error) {
    return showError<T>(error, log);
  }
}

async function pickSession(
  workspace: Workspace,
  title: string,
  applies: (record: SessionRecord) => boolean,
): Promise<string | undefined> {
  const records = workspace.list().filter(applies);
  if (records.length === 0) {
    throw new HoldfastError('SESSION_NOT_FOUND', 'There is no session for that.', { advice: 'Create one with “+”.' });
  }
  const now = new Date();
  const items = records.map((record) => ({
    label: `$(${statusLook(record.status).icon}) ${record.name}`,
    description: describeSession(record, now),
    id: record.id,
  }));
  const active = items.find(({ id }) => id === workspace.activeSession);
  const sorted = active ? [active, ...items.filter((item) => item !== active)] : items;
  return (await vscode.window.showQuickPick(sorted, { title, placeHolder: 'Which session?' }))?.id;
}

async function confirm(message: string, detail: string, action: string): Promise<boolean> {
  return (await vscode.window.showWarningMessage(message, { modal: true, detail }, action)) === action;
}

function withProgress<T>(title: string, task: () => Promise<T>): Thenable<T> {
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, task);
}

/** Tree items pass their id as a string, everything else an object or nothing. */
function isPlainObject(argument: unknown): argument is Record<string, unknown> {
  return typeof argument === 'object' && argument !== null;
}

function toNewSession(options: v.InferOutput<typeof newSessionSchema>): NewSessionOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function parse<S extends v.GenericSchema>(schema: S, argument: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, argument);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new HoldfastError('INVALID_ARGUMENT', `${v.getDotPath(issue) ?? 'argument'}: ${issue.message}`);
}
