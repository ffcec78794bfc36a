import * as vscode from 'vscode';
import { delay } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';

/** What is over sooner needs no notification of its own; milliseconds. */
const patience = 1_000;

export interface LongTask<T> {
  /** “Creating the session” */
  title: string;
  /** What is thrown into it when the user cancels it. */
  reason: () => HoldfastError;
  run: (watch: { signal: AbortSignal; onProgress: (text: string) => void }) => Promise<T>;
}

/** Runs it, and once that takes long, shows each of its steps with a button to cancel it. */
export async function withLongTask<T>({ title, reason, run }: LongTask<T>): Promise<T> {
  const steps = new Steps(reason);
  const result = run({ signal: steps.signal, onProgress: (text) => steps.tell(text) });
  const over = result.then(
    () => undefined,
    () => undefined,
  );
  const inStatusBar = { location: vscode.ProgressLocation.Window, title: `${title}…` };
  void vscode.window.withProgress(inStatusBar, () => over);
  void Promise.race([over.then(() => true), delay(patience).then(() => false)]).then((isOver) => {
    if (!isOver) showSteps(title, steps, over);
  });
  return result;
}

export function isCancelled(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && error.code === 'CANCELLED';
}

/** Who has cancelled it knows that; only what stays all the same is news. */
export function tellCancelled(error: HoldfastError): undefined {
  if (error.data.kept !== undefined) void vscode.window.showWarningMessage(error.text);
}

function showSteps(title: string, steps: Steps, over: Promise<void>): void {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  void vscode.window.withProgress(options, (progress, token) => {
    token.onCancellationRequested(() => steps.cancel());
    steps.show((message) => progress.report({ message }));
    return over;
  });
}

/** The steps of one task, the last of which is told to whoever comes to see them. */
class Steps {
  readonly #abort = new AbortController();
  readonly #reason: () => HoldfastError;
  #latest = '';
  #show: (text: string) => void = () => undefined;

  constructor(reason: () => HoldfastError) {
    this.#reason = reason;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  tell(text: string): void {
    this.#latest = text;
    this.#show(text);
  }

  show(show: (text: string) => void): void {
    this.#show = show;
    if (this.#latest) show(this.#latest);
  }

  cancel(): void {
    this.#abort.abort(this.#reason());
    this.#show('Cancelling…');
    this.#show = () => undefined;
  }
}
