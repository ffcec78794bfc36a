import * as vscode from 'vscode';
import { describeError, HoldfastError } from '../base/errors.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** What of the Git extension's API is used here. */
interface GitApi {
  openRepository(root: vscode.Uri): Promise<unknown>;
}

interface GitExports {
  readonly enabled: boolean;
  getAPI(version: 1): GitApi;
}

/**
 * Opens a folder in VS Code's Git extension, and the view that shows it.
 *
 * @throws {HoldfastError} `NO_SOURCE_CONTROL`
 */
export async function openRepository(folder: vscode.Uri, { id, name }: SessionRecord): Promise<void> {
  const extension = vscode.extensions.getExtension<GitExports>('vscode.git');
  const refuse = (why: string, advice: string, cause?: unknown) =>
    new HoldfastError('NO_SOURCE_CONTROL', `The worktree of “${name}” cannot be opened in Source Control: ${why}.`, {
      advice,
      data: { id },
      cause,
    });
  if (!extension) throw refuse('the Git extension is not installed, or is disabled', 'Enable the extension “Git”.');
  try {
    const exported = await extension.activate();
    if (!exported.enabled) throw refuse('the setting “git.enabled” is off', 'Turn it on and try again.');
    const opened = await exported.getAPI(1).openRepository(folder);
    if (!opened) throw refuse('the Git extension did not take it', 'Its log, “Git: Show Git Output”, says why.');
  } catch (error) {
    throw error instanceof HoldfastError ? error : refuse(describeError(error), 'Its log says more.', error);
  }
  await vscode.commands.executeCommand('workbench.view.scm');
}
