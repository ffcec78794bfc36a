import type { PushOptions } from '../client/bringHome.ts';
import { commitSchema, mergeSchema, pushSchema } from './argumentSchemas.ts';
import { isPlainObject, parseArgument } from './commandArguments.ts';
import type { CommandContext } from './commands.ts';
import { commitWithQuestions } from './commitDialog.ts';
import type { MergeNow } from './homeActions.ts';
import { commandIds } from './ids.ts';
import { mergeWithQuestions } from './mergeDialog.ts';
import { createPullRequest, pushWithQuestions } from './pushDialog.ts';
import { onSession } from './sessionPicker.ts';

type Handler = (argument: unknown) => Promise<unknown>;

/** The commands that bring the work of sessions home. */
export function homeHandlers(context: CommandContext): Record<string, Handler> {
  const { home } = context;
  return {
    [commandIds.mergeInto]: command(context, {
      title: 'Merge into…',
      direct: (argument) => {
        const { id, ...options } = parseArgument(mergeSchema, argument);
        return home.merge(id, options as MergeNow);
      },
      asking: (id) => mergeWithQuestions(context, id),
    }),
    [commandIds.commitAll]: command(context, {
      title: 'Commit All…',
      direct: (argument) => {
        const { id, message } = parseArgument(commitSchema, argument);
        return home.commitAll(id, message);
      },
      asking: (id) => commitWithQuestions(context, id),
    }),
    [commandIds.pushBranch]: command(context, {
      title: 'Push',
      direct: (argument) => {
        const { id, ...options } = parseArgument(pushSchema, argument);
        return home.push(id, options as PushOptions);
      },
      asking: (id) => pushWithQuestions(context, id),
    }),
    [commandIds.createPullRequest]: command(context, {
      title: 'Create Pull Request',
      direct: (argument) => {
        const { id, ...options } = parseArgument(pushSchema, argument);
        return home.createPullRequest(id, options as PushOptions);
      },
      asking: (id) => createPullRequest(context, id),
    }),
  };
}

interface HomeCommand {
  title: string;
  direct: (argument: unknown) => Promise<unknown>;
  asking: (id: string) => Promise<unknown>;
}

/** With an argument object nothing is asked and errors are thrown. */
function command(context: CommandContext, { title, direct, asking }: HomeCommand): Handler {
  const applies = ({ branch }: { branch: string }) => branch !== '';
  const none = 'No session has a branch of its own.';
  return async (argument) =>
    isPlainObject(argument) ? direct(argument) : onSession(context, argument, { title, action: asking, applies, none });
}
