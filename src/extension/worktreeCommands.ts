import type { Overlap } from '../protocol/changes.ts';
import { overlapSchema } from './argumentSchemas.ts';
import { isPlainObject, parseArgument } from './commandArguments.ts';
import type { CommandContext } from './commands.ts';
import { tell, withProgress } from './dialogs.ts';
import { showError } from './errorMessage.ts';
import { commandIds } from './ids.ts';
import { pickOverlap } from './overlapPicker.ts';
import { onSession } from './sessionPicker.ts';
import type { ReviewedChanges } from './worktreeActions.ts';

type Handler = (argument: unknown) => Promise<unknown>;

/** The commands about what was done in the sessions’ worktrees. */
export function worktreeHandlers(context: CommandContext): Record<string, Handler> {
  const { worktrees } = context;
  const onOne = (title: string, action: (id: string) => Promise<unknown>): Handler => {
    return (argument) => onSession(context, argument, { title, action });
  };
  return {
    [commandIds.reviewChanges]: (argument) => review(context, argument),
    [commandIds.openWorktree]: onOne('Open Worktree in New Window', (id) => worktrees.openInNewWindow(id)),
    [commandIds.addWorktreeToWorkspace]: onOne('Add Worktree to Workspace', (id) => worktrees.addToWorkspace(id)),
    [commandIds.copyWorktreePath]: onOne('Copy Worktree Path', (id) => worktrees.copyPath(id)),
    [commandIds.openInSourceControl]: onOne('Open in Source Control', (id) => worktrees.openInSourceControl(id)),
    [commandIds.checkOverlaps]: (argument) => checkOverlaps(context, argument),
  };
}

async function review(context: CommandContext, argument: unknown): Promise<ReviewedChanges | undefined> {
  const { worktrees, workspace } = context;
  const show = async (id: string) => {
    if (isPlainObject(argument)) return worktrees.review(id);
    const reviewed = await withProgress('Comparing the worktree…', () => worktrees.review(id));
    tellReviewed(workspace.get(id)?.name ?? '', reviewed);
    return reviewed;
  };
  return onSession(context, argument, {
    title: 'Review Changes',
    action: show,
    applies: ({ branch }) => branch !== '',
    none: 'No session has a worktree.',
  });
}

function tellReviewed(name: string, { title, files, shown }: ReviewedChanges): void {
  if (files.length === 0) tell(`“${name}”: nothing was changed${title.slice(title.lastIndexOf(' since '))}.`);
  else if (shown < files.length) tell(`${shown} of ${files.length} changed files are shown.`);
}

/** With an argument object it returns what it found; from the palette and the tree it is shown. */
async function checkOverlaps(context: CommandContext, argument: unknown): Promise<Overlap[] | undefined> {
  const { worktrees, log } = context;
  if (isPlainObject(argument))
    return ofSession(await worktrees.checkOverlaps(), parseArgument(overlapSchema, argument).id);
  try {
    const all = await withProgress('Comparing the sessions…', () => worktrees.checkOverlaps());
    const found = ofSession(all, typeof argument === 'string' ? argument : undefined);
    await pickOverlap(context, found);
    return found;
  } catch (error) {
    return showError(error, log);
  }
}

function ofSession(overlaps: Overlap[], id: string | undefined): Overlap[] {
  return id === undefined ? overlaps : overlaps.filter(({ ids }) => ids.includes(id));
}
