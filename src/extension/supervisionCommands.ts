import * as vscode from 'vscode';
import type { CleanUpOptions } from '../client/manySessions.ts';
import { ago, countSessions, statusLook } from '../core/presentation.ts';
import { isRecovering } from '../core/sessionRecord.ts';
import { cleanUpSchema, nothingSchema } from './argumentSchemas.ts';
import { isPlainObject, parseArgument } from './commandArguments.ts';
import type { CommandContext } from './commands.ts';
import { confirm, tell, withProgress } from './dialogs.ts';
import { showError } from './errorMessage.ts';
import { commandIds } from './ids.ts';
import { reviewLeftovers } from './leftoverCommands.ts';
import { onSession } from './sessionPicker.ts';
import type { CleanedUpSession, SessionOutcome } from './supervisionActions.ts';

/** How many sessions a dialog names. */
const maxNamed = 10;

type Handler = (argument: unknown) => Promise<unknown>;

/** The commands about sessions’ health, restarts and ends. */
export function supervisionHandlers(context: CommandContext): Record<string, Handler> {
  const { supervision } = context;
  const many = (asking: () => Promise<unknown>, direct: Handler): Handler => manyHandler(context, { asking, direct });
  const direct = (act: () => Promise<unknown>) => async (argument: unknown) => {
    parseArgument(nothingSchema, argument);
    return act();
  };
  return {
    [commandIds.retryNow]: (argument) =>
      onSession(context, argument, {
        title: 'Retry Now',
        action: (id) => supervision.retryNow(id),
        applies: isRecovering,
      }),
    [commandIds.giveUp]: (argument) =>
      onSession(context, argument, { title: 'Give Up', action: (id) => supervision.giveUp(id), applies: isRecovering }),
    [commandIds.explainSession]: (argument) => explain(context, argument),
    [commandIds.reviewLeftovers]: (argument) => reviewLeftovers(context, argument),
    [commandIds.stopAllSessions]: many(
      () => stopAll(context),
      direct(() => supervision.stopAll()),
    ),
    [commandIds.resumeAllSessions]: many(
      () => resumeAll(context),
      direct(() => supervision.resumeAll()),
    ),
    [commandIds.cleanUpSessions]: many(
      () => cleanUp(context),
      async (argument) => supervision.cleanUp(parseArgument(cleanUpSchema, argument) as CleanUpOptions),
    ),
  };
}

/** With an argument object nothing is asked and errors are thrown; from the palette they are shown. */
function manyHandler(
  { log }: CommandContext,
  { asking, direct }: { asking: () => Promise<unknown>; direct: Handler },
): Handler {
  return async (argument) => {
    if (isPlainObject(argument)) return direct(argument);
    try {
      return await asking();
    } catch (error) {
      return showError(error, log);
    }
  };
}

async function explain(context: CommandContext, argument: unknown): Promise<string[] | undefined> {
  const { supervision, workspace } = context;
  const show = async (id: string) => {
    const sentences = await supervision.explain(id);
    if (!isPlainObject(argument)) showSentences(workspace.get(id)?.name ?? '', sentences);
    return sentences;
  };
  return onSession(context, argument, { title: 'Explain Session', action: show });
}

function showSentences(name: string, sentences: readonly string[]): void {
  void vscode.window.showInformationMessage(`Session “${name}”`, { modal: true, detail: sentences.join('\n\n') });
}

async function stopAll({ supervision, workspace }: CommandContext): Promise<SessionOutcome[] | undefined> {
  await workspace.manager();
  const detail = 'Their processes are ended; worktrees and branches stay as they are.';
  if (!(await confirm('Stop all sessions?', detail, 'Stop All'))) return undefined;
  const outcomes = await withProgress('Stopping all sessions…', () => supervision.stopAll());
  tellOutcomes(outcomes, { done: 'stopped', none: 'No session was running.' });
  return outcomes;
}

async function resumeAll({ supervision }: CommandContext): Promise<SessionOutcome[]> {
  const outcomes = await withProgress('Resuming the sessions…', () => supervision.resumeAll());
  tellOutcomes(outcomes, { done: 'resumed', none: 'No session was lost: there is nothing to resume.' });
  return outcomes;
}

function tellOutcomes(outcomes: readonly SessionOutcome[], { done, none }: { done: string; none: string }): void {
  const failed = outcomes.filter(({ state }) => state === 'failed');
  const summary = outcomes.length === 0 ? none : `${countSessions(outcomes.length - failed.length)} ${done}.`;
  const reasons = failed.slice(0, maxNamed).map(({ name, message }) => `“${name}”: ${message}`);
  if (failed.length === 0) tell(summary);
  else void vscode.window.showErrorMessage([summary, ...reasons].join(' '));
}

async function cleanUp(context: CommandContext): Promise<CleanedUpSession[] | undefined> {
  const { supervision } = context;
  const olderThanDays = await askAge();
  if (olderThanDays === undefined) return undefined;
  const planned = await supervision.cleanUp({ olderThanDays, dryRun: true });
  if (planned.length === 0) {
    tell(`No session ended more than ${olderThanDays} day${olderThanDays === 1 ? '' : 's'} ago.`);
    return planned;
  }
  if (!(await confirm(`Destroy ${countSessions(planned.length)}?`, describePlanned(planned), 'Destroy')))
    return undefined;
  const done = await withProgress('Cleaning up old sessions…', () => supervision.cleanUp({ olderThanDays }, planned));
  tellCleanedUp(done);
  return done;
}

async function askAge(): Promise<number | undefined> {
  const answer = await vscode.window.showInputBox({
    title: 'Clean Up Old Sessions',
    prompt: 'Sessions that ended more than how many days ago?',
    value: '7',
    validateInput: (text) => (/^\d{1,5}$/.test(text.trim()) ? undefined : 'Type a number of days.'),
  });
  return answer === undefined ? undefined : Number(answer);
}

function describePlanned(planned: readonly CleanedUpSession[]): string {
  const now = new Date();
  const lines = planned.slice(0, maxNamed).map(({ record: { name, status, endedAt, lastActivity } }) => {
    return `${name}: ${statusLook(status).label}, ${ago(endedAt ?? lastActivity, now)}`;
  });
  const others = planned.length > maxNamed ? [`and ${planned.length - maxNamed} more`] : [];
  const fate = 'A worktree with work in it stays, and you are told where. The session list is backed up first.';
  return [...lines, ...others, '', fate].join('\n');
}

function tellCleanedUp(done: readonly CleanedUpSession[]): void {
  const failed = done.flatMap(({ state, record, message }) =>
    state === 'failed' ? [`“${record.name}” could not be destroyed: ${message}`] : [],
  );
  const kept = done.flatMap(({ record, kept }) =>
    kept ? [`The work of “${record.name}” was kept (${kept.reason}): ${kept.path}.`] : [],
  );
  const notes = [...kept.slice(0, maxNamed), ...failed.slice(0, maxNamed)];
  const summary = [`${countSessions(done.length - failed.length)} destroyed.`, ...notes].join(' ');
  if (failed.length === 0) tell(summary);
  else void vscode.window.showErrorMessage(summary);
}
