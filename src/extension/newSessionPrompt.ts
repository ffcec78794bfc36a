import path from 'node:path';
import * as vscode from 'vscode';
import { chooseName } from '../core/sessionName.ts';
import { describeChoice, type SourceChoice, sourceOptions, suggestedName } from '../core/sourceChoice.ts';
import type { NewSessionOptions } from './api.ts';
import { pickSource, type SourcePickerContext } from './sourcePicker.ts';

const recentKey = 'holdfast.recentCommands';
const maxRecent = 8;

export interface PromptContext {
  memento: vscode.Memento;
  /** Names that are in use. */
  taken: string[];
  shell: string;
  sources: SourcePickerContext;
}

type Step = 'name' | 'source' | 'command';

/**
 * Asks for a name and for what to run, and by a button what to work on; undefined when the user turns away. Each step
 * leads back to the name.
 */
export async function promptNewSession(context: PromptContext): Promise<NewSessionOptions | undefined> {
  const { sources, taken } = context;
  let source: SourceChoice = { kind: 'usual' };
  let suggested = chooseName(undefined, new Date(), taken).name;
  let name = suggested;
  let step: Step = 'name';
  for (;;) {
    if (step === 'name') {
      const answer = await askName({ name, taken, prompt: describeSoon(source, sources) });
      if (!answer) return undefined;
      name = answer.name;
      step = answer.next;
    } else if (step === 'source') {
      const picked = await pickSource(sources);
      if (picked === 'away') return undefined;
      const isUntouched = name === suggested;
      if (picked !== 'back') {
        source = picked;
        suggested = suggestedName(picked, (await sources.survey)?.remotes ?? []) ?? suggested;
      }
      if (isUntouched) name = suggested;
      step = 'name';
    } else {
      const choice = await promptCommand(context);
      if (choice === 'back') step = 'name';
      else return choice && { name, ...sourceOptions(source), ...optional(choice) };
    }
  }
}

/** Nobody has to wait for what there is in the repository to type a name. */
function describeSoon(source: SourceChoice, { survey }: SourcePickerContext): Promise<string> {
  return survey.then((found) => describeChoice(source, found));
}

function optional({ command }: CommandItem): Pick<NewSessionOptions, 'command'> {
  return command === undefined ? {} : { command };
}

interface NameQuestion {
  name: string;
  taken: string[];
  prompt: Promise<string>;
}

/** The name as it stands, and what comes next. */
interface NameAnswer {
  name: string;
  next: 'source' | 'command';
}

const sourceButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('git-branch'),
  tooltip: 'Choose Branch or Worktree…',
};

/** Shows while typing what the name will become. */
function askName({ name, taken, prompt }: NameQuestion): Promise<NameAnswer | undefined> {
  const box = vscode.window.createInputBox();
  Object.assign(box, { title: 'New Session: Name', value: name, ignoreFocusOut: true });
  void prompt.then((text) => {
    box.prompt = text;
  });
  box.valueSelection = [0, name.length];
  box.buttons = [sourceButton];
  const check = (value: string) => {
    box.validationMessage = noticeOf(value, taken);
  };
  check(name);
  return new Promise((resolve) => {
    const settle = (next: NameAnswer['next']) => {
      resolve({ name: box.value, next });
      box.hide();
    };
    box.onDidChangeValue(check);
    box.onDidAccept(() => settle('command'));
    box.onDidTriggerButton(() => settle('source'));
    box.onDidHide(() => {
      resolve(undefined);
      box.dispose();
    });
    box.show();
  });
}

function noticeOf(value: string, taken: string[]): vscode.InputBoxValidationMessage | undefined {
  const { notice } = chooseName(value, new Date(), taken);
  return notice ? { message: notice, severity: vscode.InputBoxValidationSeverity.Info } : undefined;
}

/** Asks for another name of a session. */
export function promptName(taken: string[], current: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: `Rename “${current}”`,
    prompt: 'The branch and the worktree keep their names.',
    value: current,
    ignoreFocusOut: true,
    validateInput: (value) => noticeOf(value, taken),
  });
}

interface CommandItem extends vscode.QuickPickItem {
  command?: string;
}

/** A pick list in which typing adds an item of its own: what was typed, to be run. */
function promptCommand({ memento, shell }: PromptContext): Promise<CommandItem | 'back' | undefined> {
  const recent = memento.get<string[]>(recentKey, []);
  const fixed: CommandItem[] = [
    { label: '$(terminal) Shell', description: path.basename(shell) },
    ...recent.map((command) => ({ label: `$(history) ${command}`, description: 'used before', command })),
  ];
  const pick = vscode.window.createQuickPick<CommandItem>();
  pick.title = 'New Session: What to Run';
  pick.placeholder = 'Pick what to run, or type a command';
  pick.ignoreFocusOut = true;
  pick.buttons = [vscode.QuickInputButtons.Back];
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
    pick.onDidTriggerButton(() => {
      resolve('back');
      pick.hide();
    });
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
