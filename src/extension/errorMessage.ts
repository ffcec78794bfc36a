import * as vscode from 'vscode';
import { describeError, type ErrorCode, HoldfastError } from '../base/errors.ts';

/** A button on an error message; `run` returns what the failed action was to return, if it made up for it. */
export interface ErrorAction<T> {
  title: string;
  run: () => Promise<T | undefined>;
}

/** What can be offered for an error, by its code. */
export type ErrorActions<T> = { [C in ErrorCode]?: (error: HoldfastError) => ErrorAction<T>[] };

/** The error as one line of text for the user. */
export function toMessage(error: unknown): string {
  return error instanceof HoldfastError ? error.text : `Holdfast: ${describeError(error)}`;
}

/** Tells the user what happened and offers what can be done about it; resolves with what the action made of it. */
export async function showError<T>(
  error: unknown,
  log: vscode.LogOutputChannel,
  actions: ErrorActions<T> = {},
): Promise<T | undefined> {
  log.error(error instanceof Error ? error : describeError(error));
  const offered = error instanceof HoldfastError ? (actions[error.code]?.(error) ?? []) : [];
  const all = [...offered, ...logActions<T>(error, log)];
  const chosen = await vscode.window.showErrorMessage(toMessage(error), ...all.map(({ title }) => title));
  return all.find(({ title }) => title === chosen)?.run();
}

function logActions<T>(error: unknown, log: vscode.LogOutputChannel): ErrorAction<T>[] {
  const file = error instanceof HoldfastError ? error.data.log : undefined;
  const open = async () => {
    if (typeof file === 'string') await vscode.window.showTextDocument(vscode.Uri.file(file));
    else log.show();
    return undefined;
  };
  const isOurs = error instanceof HoldfastError && error.code !== 'UNKNOWN' && typeof file !== 'string';
  return isOurs ? [] : [{ title: 'Show Log', run: open }];
}
