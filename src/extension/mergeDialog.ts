import * as vscode from 'vscode';
import { HoldfastError } from '../base/errors.ts';
import type { SessionMergePlan } from '../client/sessionMerge.ts';
import {
  counted,
  describeConflicts,
  describeMerged,
  describePlan,
  type MergeOutcome,
  type MergeWay,
} from '../core/mergePlan.ts';
import type { CommandContext } from './commands.ts';
import { commitWithQuestions } from './commitDialog.ts';
import { showConflicts } from './conflictView.ts';
import { tell, withProgress } from './dialogs.ts';
import { showError } from './errorMessage.ts';
import { commandIds } from './ids.ts';
import { tellMergedHere } from './mergedHere.ts';
import { editMessage } from './messageEditor.ts';

/** Asks into what, how, and with which message; then shows what would happen, and does it once that is agreed to. */
export async function mergeWithQuestions(context: CommandContext, id: string): Promise<MergeOutcome | undefined> {
  const into = await pickTarget(context, id);
  const how = into === undefined ? undefined : await pickWay(into);
  return into === undefined || how === undefined ? undefined : agreeAndMerge(context, id, { into, how });
}

interface Choice {
  into: string;
  how: MergeWay;
}

/** What is planned anew after something was done about it is agreed to anew. */
async function agreeAndMerge(context: CommandContext, id: string, choice: Choice): Promise<MergeOutcome | undefined> {
  const { home } = context;
  const planned = await planOrCommit(context, id, choice);
  if (planned === undefined) return undefined;
  if (planned.conflicts.length > 0) return tellConflicts(context, id, planned);
  if (planned.obstacle) return tellObstacle(context, id, planned);
  const message = await askMessage(planned);
  if (message === null) return undefined;
  const agreed = await agree(context, id, planned, message);
  if (agreed === 'again') return agreeAndMerge(context, id, choice);
  if (agreed === undefined) return undefined;
  const merge = async () => withProgress('Merging…', () => home.performMerge(id, planned, agreed.message));
  const outcome = await merge().catch((error) => tryAgain(context, id, choice, error));
  if (outcome) void tellMerged(context, id, outcome);
  return outcome;
}

async function pickTarget({ home, workspace }: CommandContext, id: string): Promise<string | undefined> {
  const record = workspace.get(id);
  const items = (await home.targets(id)).map((label, index) => {
    const isBase = index === 0 && record !== undefined && isBaseOf(record.baseBranch, label);
    return { label, ...(isBase ? { description: 'its base' } : {}) };
  });
  const title = `Merge “${record?.name ?? ''}” into…`;
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Into which branch?' }))?.label;
}

function isBaseOf(base: string, branch: string): boolean {
  return base === branch || base.endsWith(`/${branch}`);
}

async function pickWay(into: string): Promise<MergeWay | undefined> {
  const ways: (vscode.QuickPickItem & { how: MergeWay })[] = [
    { label: 'Merge', detail: `A merge commit on ${into}; its commits stay as they are`, how: 'merge' },
    { label: 'Squash', detail: `One new commit on ${into} with all that it has changed`, how: 'squash' },
    {
      label: 'Rebase',
      detail: `Its commits one by one on top of ${into}, with their authors and dates`,
      how: 'rebase',
    },
  ];
  return (await vscode.window.showQuickPick(ways, { title: `Merge into ${into}`, placeHolder: 'How?' }))?.how;
}

/** Where nothing is committed there may be something to commit. */
async function planOrCommit(
  context: CommandContext,
  id: string,
  choice: Choice,
): Promise<SessionMergePlan | undefined> {
  const plan = () => withProgress('Looking at what a merge would do…', () => context.home.planMerge(id, choice));
  try {
    return await plan();
  } catch (error) {
    const commit = async () => ((await commitWithQuestions(context, id)) ? plan() : undefined);
    const offered = (told: HoldfastError) =>
      told.data.uncommitted === undefined ? [] : [{ title: 'Commit All…', run: commit }];
    return showError<SessionMergePlan>(error, context.log, { NOTHING_TO_MERGE: offered });
  }
}

/** Only the first line, for a box has no more; all of it can be edited later. Null where the user turns away. */
async function askMessage({ message, how, into }: SessionMergePlan): Promise<string | undefined | null> {
  if (message === undefined) return undefined;
  const [subject = '', ...rest] = message.split('\n');
  const below = rest.filter((line) => line.trim()).length;
  const listed = below > 0 ? `; ${counted(below, 'line')} more below it` : '';
  const answer = await vscode.window.showInputBox({
    title: how === 'squash' ? `Squash into ${into}` : `Merge into ${into}`,
    prompt: `The first line of the commit’s message${listed}`,
    value: subject,
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() ? undefined : 'A commit needs a message.'),
  });
  return answer === undefined ? null : [answer, ...rest].join('\n');
}

const verbs = { merge: 'Merge', squash: 'Squash', rebase: 'Rebase' } as const;

/** What was agreed to; `again` where there is more to merge now. */
async function agree(
  context: CommandContext,
  id: string,
  plan: SessionMergePlan,
  message: string | undefined,
): Promise<{ message: string | undefined } | 'again' | undefined> {
  const verb = verbs[plan.how];
  const [edit, commit] = ['Edit Message…', 'Commit All First…'];
  const name = context.workspace.get(id)?.name ?? plan.branch;
  const options = { modal: true, detail: describePlan(plan).join('\n\n') };
  const buttons = [verb, ...(message === undefined ? [] : [edit]), ...(plan.uncommitted > 0 ? [commit] : [])];
  const chosen = await vscode.window.showInformationMessage(
    `${verb} “${name}” into ${plan.into}?`,
    options,
    ...buttons,
  );
  if (chosen === commit) return (await commitWithQuestions(context, id)) ? 'again' : undefined;
  if (chosen === edit && message !== undefined)
    return agree(context, id, plan, (await editMessage(message)) ?? message);
  return chosen === verb ? { message } : undefined;
}

/** They are resolved where nobody else works: in the session’s own worktree. */
async function tellConflicts(context: CommandContext, id: string, plan: SessionMergePlan): Promise<undefined> {
  const { conflicts, into, branch } = plan;
  const [resolve, show] = [`Merge ${into} into the Session`, 'Show Conflicts…'];
  const fate = `Nothing was changed. The conflicts can be resolved in the session’s own worktree, by you or by its agent: there ${into} is merged into ${branch} first.`;
  const options = { modal: true, detail: [...describeConflicts(conflicts), '', fate].join('\n') };
  const text = `${branch} and ${into} conflict in ${counted(conflicts.length, 'file')}.`;
  const chosen = await vscode.window.showWarningMessage(text, options, resolve, show);
  const manager = await context.workspace.manager();
  if (chosen === show) await showConflicts(manager.options.workplace.root, plan);
  if (chosen === resolve) await mergeIntoSession(context, id, into);
  return undefined;
}

async function mergeIntoSession(context: CommandContext, id: string, from: string): Promise<void> {
  const merged = await withProgress(`Merging ${from} into the session…`, () => context.home.mergeHere(id, from));
  tellMergedHere(context, id, { from, ...merged });
}

async function tellObstacle(
  context: CommandContext,
  id: string,
  { obstacle }: SessionMergePlan,
): Promise<MergeOutcome | undefined> {
  const { code = 'UNKNOWN', message = '', advice, data } = obstacle ?? {};
  const error = new HoldfastError(code, message, { ...(advice ? { advice } : {}), ...(data ? { data } : {}) });
  const other = [{ title: 'Other Branch…', run: () => mergeWithQuestions(context, id) }];
  return showError(error, context.log, { [code]: () => other });
}

async function tryAgain(
  context: CommandContext,
  id: string,
  choice: Choice,
  error: unknown,
): Promise<MergeOutcome | undefined> {
  const again = [{ title: 'Try Again', run: () => agreeAndMerge(context, id, choice) }];
  const retried = () => again;
  return showError(error, context.log, { REF_MOVED: retried, LOCKED: retried, LOCAL_CHANGES: retried });
}

async function tellMerged(context: CommandContext, id: string, outcome: MergeOutcome): Promise<void> {
  const { home, log } = context;
  const [undo, destroy] = ['Undo', 'Destroy Session…'];
  const chosen = await vscode.window.showInformationMessage(describeMerged(outcome), undo, destroy);
  if (chosen === destroy) await vscode.commands.executeCommand(commandIds.destroySession, id);
  if (chosen !== undo) return;
  try {
    await home.undoMerge(id, outcome);
    tell(`${outcome.into} is where it was before the merge.`);
  } catch (error) {
    await showError(error, log);
  }
}
