import path from 'node:path';
import * as vscode from 'vscode';
import { chooseName } from '../core/sessionName.ts';
import type { NewSessionOptions } from './api.ts';

const recentKey = 'holdfast.recentCommands';
const maxRecent = 8;

export interface PromptContext {
  memento: vscode.Memento;
  /** Names that are in use. */
  taken: string[];
  shell: string;
}

/** Asks for a name and for what to run; undefined when the user turns away. */
export async function promptNewSession(context: PromptContext): Promise<NewSessionOptions | undefined> {
  const name = await promptName(context.taken);
  if (name === undefined) return undefined;
  const choice = await promptCommand(context);
  return choice && { name, ...(choice.command === undefined ? {} : { command: choice.command }) };
}

/** Shows while typing what the name will become. */
export function promptName(taken: string[], current?: string): Thenable<string | undefined> {
  const suggested = current ?? chooseName(undefined, new Date(), taken).name;
  return vscode.window.showInputBox({
    title: current === undefined ? 'New Session: Name' : `Rename “${current}”`,
    prompt:
      current === undefined ? 'The branch will be feature/<name>.' : 'The branch and the worktree keep their names.',
    value: suggested,
    ignoreFocusOut: true,
    validateInput: (value) => {
      const { notice } = chooseName(value, new Date(), taken);
      return notice ? { message: notice, severity: vscode.InputBoxValidationSeverity.Info } : undefined;
    },
  });
}

interface CommandItem extends vscode.QuickPickItem {
  command?: string;
}

/** A pick list in which typing adds an item of its own: what was typed, to be run. */
function promptCommand({ memento, shell }: PromptContext): Promise<CommandItem | undefined> {
  const recent = memento.get<string[]>(recentKey, []);
  const fixed: CommandItem[] = [
    { label: '$(terminal) Shell', description: path.basename(shell) },
    ...recent.map((command) => ({ label: `$(history) ${command}`, description: 'used before', command })),
  ];
  const pick = vscode.window.createQuickPick<CommandItem>();
  pick.title = 'New Session: What to Run';
  pick.placeholder = 'Pick what to run, or type a command';
  pick.ignoreFocusOut = true;
  pick.items = fixed;
  let typed: CommandItem | undefined;
  let isTypedShown = false;
  pick.onDidChangeValue((value) => {
    typed = typedItem(value);
    isTypedShown = false;
    pick.items = typed ? [typed, ...fixed] : fixed;
  });
  pick.onDidChangeActive(([item]) => {
    isTypedShown ||= item === typed;
  });
  return new Promise((resolve) => {
    pick.onDidAccept(() => {
      // Enter may come before the list shows what was typed, and then cannot have meant another item.
      const item = typed && !isTypedShown ? typed : pick.selectedItems[0];
      if (item?.command) void remember(memento, recent, item.command);
      resolve(item);
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

function typedItem(value: string): CommandItem | undefined {
  const command = value.trim();
  return command
    ? { label: `$(play) ${command}`, description: 'run this command', command, alwaysShow: true }
    : undefined;
}

async function remember(memento: vscode.Memento, recent: string[], command: string): Promise<void> {
  const commands = [command, ...recent.filter((other) => other !== command)];
  await memento.update(recentKey, commands.slice(0, maxRecent));
}
