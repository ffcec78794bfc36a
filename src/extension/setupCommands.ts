import { isRunning } from '../core/sessionRecord.ts';
import { hasFailedSetup } from '../core/setup.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { isPlainObject } from './commandArguments.ts';
import type { CommandContext } from './commands.ts';
import { confirm } from './dialogs.ts';
import { commandIds } from './ids.ts';
import { onSession } from './sessionPicker.ts';

/** The commands about what makes worktrees ready to work in. */
export function setupHandlers(context: CommandContext): Record<string, (argument: unknown) => Promise<unknown>> {
  return {
    [commandIds.runSetup]: (argument) =>
      onSession(context, argument, {
        title: 'Run Setup Again',
        action: (id) => runAgain(context, id, argument),
        applies: ({ branch }) => branch !== '',
        none: 'No session has a worktree.',
      }),
    [commandIds.startWithoutSetup]: (argument) =>
      onSession(context, argument, {
        title: 'Start Without Setup',
        action: (id) => context.actions.restart(id, 'skip'),
        applies: hasFailedSetup,
        none: 'No session has failed in its setup.',
      }),
  };
}

async function runAgain(
  { workspace, actions }: CommandContext,
  id: string,
  argument: unknown,
): Promise<SessionRecord | undefined> {
  const record = workspace.get(id);
  const mustAsk = record && isRunning(record) && !isPlainObject(argument);
  const detail = 'Its process will be ended first; its command is started again after the setup.';
  if (mustAsk && !(await confirm(`Run the setup of “${record.name}” again?`, detail, 'Run Setup'))) return undefined;
  return actions.restart(id, 'run');
}
