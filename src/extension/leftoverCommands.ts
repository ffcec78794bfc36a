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

const adopt: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('debug-restart'),
  tooltip: 'Make It a Session Again',
};

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
  const { leftovers } = await withProgress('Looking for what sessions left behind…', () =>
    context.supervision.health(),
  );
  if (leftovers.length === 0) return tell('No session has left anything behind.');
  const chosen = await pick(leftovers.map((leftover) => toItem(context, leftover)));
  if (!chosen) return;
  const { sessionId, pid, what } = chosen.leftover;
  if (
    chosen.action === 'end' &&
    !(await confirm(`End process ${pid}?`, `${what}\n\nIt is asked to end, and killed 5 seconds later.`, 'End'))
  )
    return;
  await withProgress(chosen.action === 'end' ? `Ending process ${pid}…` : 'Taking the session in…', () =>
    context.supervision.dealWith({ sessionId, pid, action: chosen.action }),
  );
  tell(chosen.action === 'end' ? `Process ${pid} has ended.` : 'The session is in the list again.');
}

interface Choice {
  leftover: Leftover;
  action: LeftoverRequest['action'];
}

/** Choosing one ends it, which is asked about; the button of a host makes it a session again. */
function pick(items: LeftoverItem[]): Promise<Choice | undefined> {
  const input = vscode.window.createQuickPick<LeftoverItem>();
  input.items = items;
  input.title = 'Review Leftovers';
  const isHostThere = items.some(({ leftover }) => leftover.kind === 'host');
  input.placeholder = `Choose what is to be ended${isHostThere ? '; the button of a host makes it a session again' : ''}`;
  input.matchOnDetail = true;
  return new Promise<Choice | undefined>((resolve) => {
    input.onDidTriggerItemButton(({ item: { leftover } }) => resolve({ leftover, action: 'adopt' }));
    input.onDidAccept(() => {
      const [item] = input.selectedItems;
      resolve(item && { leftover: item.leftover, action: 'end' });
    });
    input.onDidHide(() => resolve(undefined));
    input.show();
  }).finally(() => input.dispose());
}

function toItem({ workspace }: CommandContext, leftover: Leftover): LeftoverItem {
  const { kind, sessionId, pid, what } = leftover;
  const name = workspace.get(sessionId)?.name ?? sessionId.slice(0, 8);
  return {
    leftover,
    label: kind === 'host' ? `$(server-process) Host of ${name}` : `$(circuit-board) Process ${pid}`,
    description: kind === 'host' ? `process ${pid}` : `of “${name}”`,
    detail: what,
    ...(kind === 'host' ? { buttons: [adopt] } : {}),
  };
}
