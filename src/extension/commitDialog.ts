import * as vscode from 'vscode';
import { describeCommitted } from '../core/homeWords.ts';
import { counted } from '../core/mergePlan.ts';
import type { CommittedAll } from '../node/commitAll.ts';
import { cancellable, isCancelled, outputAction } from './cancellable.ts';
import type { CommandContext } from './commands.ts';
import { tell } from './dialogs.ts';
import { showError } from './errorMessage.ts';

/** Asks for the message; undefined where the user turns away, or where there is nothing to commit. */
export async function commitWithQuestions(context: CommandContext, id: string): Promise<CommittedAll | undefined> {
  const { home, workspace, log } = context;
  const { name = '' } = workspace.get(id) ?? {};
  const count = await home.uncommitted(id);
  if (count === 0) {
    tell(`There is nothing to commit in “${name}”.`);
    return undefined;
  }
  const message = await vscode.window.showInputBox({
    title: `Commit All: ${name}`,
    prompt: `The message of the commit, which will hold ${counted(count, 'file')}`,
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() ? undefined : 'A commit needs a message.'),
  });
  if (message === undefined) return undefined;
  const commit = async () =>
    cancellable(`Committing in “${name}”…`, ({ signal }) => home.commitAll(id, message, signal));
  const committed = await commit().catch((error) => tellOutput<CommittedAll>(error, log));
  if (committed) tell(describeCommitted(committed));
  return committed;
}

async function tellOutput<T>(error: unknown, log: vscode.LogOutputChannel): Promise<T | undefined> {
  if (isCancelled(error)) return undefined;
  return showError<T>(error, log, { HOOK_FAILED: (told) => [outputAction(told, log)] });
}
