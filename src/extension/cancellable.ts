import * as vscode from 'vscode';
import { HoldfastError } from '../base/errors.ts';
import type { PushOptions } from '../client/bringHome.ts';
import type { ErrorAction } from './errorMessage.ts';

/** Shows how far git is in a notification, in which it can be cancelled. */
export function cancellable<T>(
  title: string,
  task: (control: Required<Pick<PushOptions, 'signal' | 'onProgress'>>) => Promise<T>,
): Thenable<T> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    const controller = new AbortController();
    const cancelled = new HoldfastError('CANCELLED', 'It was cancelled.');
    const listening = token.onCancellationRequested(() => controller.abort(cancelled));
    try {
      return await task({
        signal: controller.signal,
        onProgress: ({ step, percent }) => progress.report({ message: `${step} ${percent} %` }),
      });
    } finally {
      listening.dispose();
    }
  });
}

/** Shows in the log what a hook, or the other side, has said. */
export function outputAction({ data }: HoldfastError, log: vscode.LogOutputChannel): ErrorAction<never> {
  const show = async () => {
    log.info(String(data.output ?? ''));
    log.show();
    return undefined;
  };
  return { title: 'Show Output', run: show };
}

export function isCancelled(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === 'CANCELLED';
}
