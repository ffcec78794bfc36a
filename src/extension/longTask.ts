import * as vscode from 'vscode';
import { delay } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { type CreationWatch, cancelled } from '../client/creationWatch.ts';

/** A session that is there sooner is its own news; milliseconds. */
const patience = 1_000;

const title = 'Creating the session';

/** Runs `create`, and once that takes long, shows each of its steps with a button to cancel it. */
export async function withCreationProgress<T>(create: (watch: CreationWatch) => Promise<T>): Promise<T> {
  const steps = new Steps();
  const creation = create({ signal: steps.signal, onProgress: (text) => steps.tell(text) });
  const over = creation.then(
    () => undefined,
    () => undefined,
  );
  const inStatusBar = { location: vscode.ProgressLocation.Window, title: `${title}…` };
  void vscode.window.withProgress(inStatusBar, () => over);
  void Promise.race([over.then(() => true), delay(patience).then(() => false)]).then((isOver) => {
    if (!isOver) showSteps(steps, over);
  });
  return creation;
}

export function isCancelled(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && error.code === 'CANCELLED';
}

/** Who has cancelled it knows that; only what stays all the same is news. */
export function tellCancelled(error: HoldfastError): undefined {
  if (error.data.kept !== undefined) void vscode.window.showWarningMessage(error.text);
}

function showSteps(steps: Steps, over: Promise<void>): void {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  void vscode.window.withProgress(options, (progress, token) => {
    token.onCancellationRequested(() => steps.cancel());
    steps.show((message) => progress.report({ message }));
    return over;
  });
}

/** The steps of one creation, the last of which is told to whoever comes to see them. */
class Steps {
  readonly #abort = new AbortController();
  #latest = '';
  #show: (text: string) => void = () => undefined;

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
    this.#abort.abort(cancelled());
    this.#show('Cancelling…');
    this.#show = () => undefined;
  }
}
