import * as vscode from 'vscode';
import type { Leftover } from '../protocol/health.ts';
import { leftoverSchema } from './argumentSchemas.ts';
import { isPlainObject, parseArgument } from './commandArguments.ts';
import type { CommandContext } from './commands.ts';
import { confirm, tell, withProgress } from './dialogs.ts';
import { showError } from './errorMessage.ts';
import type { LeftoverRequest } from './supervisionActions.ts';

interface LeftoverItem extends vscode.QuickPickItem {
  leftover: Leftover;
}

const title = 'Review Leftovers';

/** Shows what sessions have left behind, to be ended, or made a session again; nothing of it ends by itself. */
export async function reviewLeftovers(context: CommandContext, argument: unknown): Promise<unknown> {
  const { supervision, log } = context;
  if (isPlainObject(argument)) return supervision.dealWith(parseArgument(leftoverSchema, argument) as LeftoverRequest);
  try {
    return await askAndDo(context);
  } catch (error) {
    return showError(error, log);
  }
}

async function askAndDo(context: CommandContext): Promise<void> {
  const { leftovers, leftoversUntold } = await withProgress('Looking for what sessions left behind…', () =>
    context.supervision.health(),
  );
  if (leftovers.length === 0) return tell('No session has left anything behind.');
  const items = leftovers.map((leftover) => toItem(context, leftover));
  const chosen = await vscode.window.showQuickPick(items, questionAbout(items.length, leftoversUntold));
  const action = chosen && (await askAction(chosen));
  if (!chosen || !action) return;
  const { sessionId, pid, what } = chosen.leftover;
  const fate = 'It is asked to end, and killed 5 seconds later.';
  if (action === 'end' && !(await confirm(`End process ${pid}?`, `${what}\n\n${fate}`, 'End'))) return;
  await withProgress(action === 'end' ? `Ending process ${pid}…` : 'Taking the session in…', () =>
    context.supervision.dealWith({ sessionId, pid, action }),
  );
  tell(action === 'end' ? `Process ${pid} has ended.` : 'The session is in the list again.');
}

function questionAbout(shown: number, untold = 0): vscode.QuickPickOptions {
  const question = { placeHolder: 'What is to be dealt with?', matchOnDescription: true, matchOnDetail: true };
  if (untold === 0) return { ...question, title };
  return {
    ...question,
    title: `${title} (${shown} of ${shown + untold})`,
    placeHolder: `${question.placeHolder} The other ${untold} are listed as these go`,
  };
}

/** What has no session any more may be all that is left of somebody’s work, so that it is not ended for an Enter too many. */
async function askAction({ leftover }: LeftoverItem): Promise<LeftoverRequest['action'] | undefined> {
  if (leftover.kind !== 'host') return 'end';
  const actions = [
    {
      label: '$(debug-restart) Make It a Session Again',
      detail: 'It is in the list again, and runs on.',
      action: 'adopt' as const,
    },
    { label: '$(debug-stop) End', detail: 'Its program ends with it.', action: 'end' as const },
  ];
  return (await vscode.window.showQuickPick(actions, { title, placeHolder: leftover.what }))?.action;
}

function toItem({ workspace }: CommandContext, leftover: Leftover): LeftoverItem {
  const { kind, sessionId, pid, what } = leftover;
  const name = workspace.get(sessionId)?.name ?? sessionId.slice(0, 8);
  return {
    leftover,
    label: kind === 'host' ? `$(server-process) Host of ${name}` : `$(circuit-board) Process ${pid}`,
    description: kind === 'host' ? `process ${pid}` : `of “${name}”`,
    detail: what,
  };
}
