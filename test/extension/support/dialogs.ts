import * as vscode from 'vscode';

/** What a dialog has asked or told, with what could be chosen. */
export interface Shown {
  /** By which of VS Code’s functions. */
  kind: string;
  text: string;
  detail?: string;
  choices: string[];
}

/** Who answers a dialog: with the label of a choice or what is typed, or undefined to dismiss it. */
type Answer = (shown: Shown) => string | undefined | Promise<string | undefined>;

/**
 * Stands in for the user in front of the extension’s dialogs, for the surrounding suite: each is answered and kept.
 * What a picture of them would show only the UI suite sees.
 */
export function useDialogs(): { shown: Shown[]; answer: (answer: Answer) => void } {
  const shown: Shown[] = [];
  const window = vscode.window as unknown as Record<string, unknown>;
  const kinds = ['showInformationMessage', 'showWarningMessage', 'showErrorMessage', 'showQuickPick', 'showInputBox'];
  const real = new Map(kinds.map((kind) => [kind, window[kind]]));
  let answer: Answer = () => undefined;
  const ask = (dialog: Shown) => {
    shown.push(dialog);
    return answer(dialog);
  };
  const showMessage =
    (kind: string) =>
    async (text: string, ...rest: (string | vscode.MessageOptions)[]) => {
      const options = rest.find((one) => typeof one === 'object');
      const choices = rest.filter((one) => typeof one === 'string');
      return ask({ kind, text, choices, ...(options?.detail === undefined ? {} : { detail: options.detail }) });
    };
  const showQuickPick = async (items: vscode.QuickPickItem[], options: vscode.QuickPickOptions) => {
    const chosen = await ask({
      kind: 'showQuickPick',
      text: options.title ?? '',
      choices: items.map(({ label }) => label),
    });
    return items.find(({ label }) => label === chosen);
  };
  const showInputBox = async ({ title = '', prompt, value }: vscode.InputBoxOptions) => {
    const choices = value === undefined ? [] : [value];
    return ask({ kind: 'showInputBox', text: title, choices, ...(prompt === undefined ? {} : { detail: prompt }) });
  };
  const standIns: Record<string, unknown> = { showQuickPick, showInputBox };
  beforeEach(() => {
    shown.length = 0;
    answer = () => undefined;
    for (const kind of kinds) window[kind] = standIns[kind] ?? showMessage(kind);
  });
  afterEach(() => {
    for (const [kind, original] of real) window[kind] = original;
  });
  return {
    shown,
    answer: (next) => {
      answer = next;
    },
  };
}
