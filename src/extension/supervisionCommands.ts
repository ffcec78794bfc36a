import * as vscode from 'vscode';
import type { CleanUpOptions } from '../client/manySessions.ts';
import { leftNotice } from '../core/healthPresentation.ts';
import { ago, countSessions, listOf, statusLook } from '../core/presentation.ts';
import { isArchived, isGoingOn, isRecovering, isRunning } from '../core/sessionRecord.ts';
import type { HealthReport } from '../protocol/health.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { cleanUpSchema, nothingSchema } from './argumentSchemas.ts';
import { isPlainObject, parseArgument } from './commandArguments.ts';
import type { CommandContext } from './commands.ts';
import { confirm, tell, tellMany, withProgress } from './dialogs.ts';
import { showError } from './errorMessage.ts';
import { archiveRow, commandIds } from './ids.ts';
import { reviewLeftovers } from './leftoverCommands.ts';
import { onSession } from './sessionPicker.ts';
import type { CleanedUpSession, SessionOutcome } from './supervisionActions.ts';

const recovering = { applies: isRecovering, none: 'No session is recovering.' };

/** How many sessions a dialog names. */
const maxNamed = 10;

type Handler = (argument: unknown) => Promise<unknown>;

/** The commands about sessions’ health, restarts and ends. */
export function supervisionHandlers(context: CommandContext): Record<string, Handler> {
  const { supervision } = context;
  const many = (asking: Handler, direct: Handler): Handler => manyHandler(context, { asking, direct });
  const direct = (act: () => Promise<unknown>) => async (argument: unknown) => {
    parseArgument(nothingSchema, argument);
    return act();
  };
  return {
    [commandIds.retryNow]: (argument) =>
      onSession(context, argument, { ...recovering, title: 'Retry Now', action: (id) => supervision.retryNow(id) }),
    [commandIds.giveUp]: (argument) =>
      onSession(context, argument, { ...recovering, title: 'Give Up', action: (id) => supervision.giveUp(id) }),
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
      (argument) => cleanUp(context, argument === archiveRow),
      async (argument) => supervision.cleanUp(parseArgument(cleanUpSchema, argument) as CleanUpOptions),
    ),
  };
}

/** With an argument object nothing is asked and errors are thrown; from the palette they are shown. */
function manyHandler({ log }: CommandContext, { asking, direct }: { asking: Handler; direct: Handler }): Handler {
  return async (argument) => {
    if (isPlainObject(argument)) return direct(argument);
    try {
      return await asking(argument);
    } catch (error) {
      return showError(error, log);
    }
  };
}

async function explain(context: CommandContext, argument: unknown): Promise<string[] | undefined> {
  const { supervision, workspace } = context;
  const show = async (id: string) => {
    const sentences = await supervision.explain(id);
    const record = workspace.get(id);
    if (record && !isPlainObject(argument)) await showSentences(record, sentences);
    return sentences;
  };
  return onSession(context, argument, { title: 'Explain Session', action: show });
}

/** With what can be done about it; a session that runs needs no advice to be restarted. */
async function showSentences(record: SessionRecord, sentences: readonly string[]): Promise<void> {
  const { id, name } = record;
  const run = (command: string, argument: unknown) => vscode.commands.executeCommand(command, argument);
  const again: Record<string, () => unknown> = isRecovering(record)
    ? { 'Retry Now': () => run(commandIds.retryNow, id), 'Give Up': () => run(commandIds.giveUp, id) }
    : { Restart: () => run(commandIds.restartSession, id) };
  const actions: Record<string, () => unknown> = {
    ...(isRunning(record) ? {} : again),
    'Show Log': () => run(commandIds.showLog, { id }),
    Copy: () => vscode.env.clipboard.writeText(sentences.join('\n')),
  };
  const options = { modal: true, detail: sentences.join('\n\n') };
  const chosen = await vscode.window.showInformationMessage(`Session “${name}”`, options, ...Object.keys(actions));
  if (chosen) await actions[chosen]?.();
}

async function stopAll({ supervision, workspace, log }: CommandContext): Promise<SessionOutcome[] | undefined> {
  const planned = (await workspace.manager()).list().filter(isGoingOn);
  const words = { done: 'stopped', none: 'No session is running.' };
  if (
    planned.length > 0 &&
    !(await confirm(`Stop ${countSessions(planned.length)}?`, describeRunning(planned), 'Stop'))
  )
    return undefined;
  const outcomes = await withProgress('Stopping sessions…', () => supervision.stopAll(planned));
  tellOutcomes(log, outcomes, words);
  return outcomes;
}

function describeRunning(planned: readonly SessionRecord[]): string {
  const lines = planned.map(({ name, status }) => `${name}: ${statusLook(status).label}`);
  const fate = 'Their processes are ended; worktrees and branches stay as they are.';
  return [...listOf(lines, maxNamed), '', fate].join('\n');
}

async function resumeAll({ supervision, log }: CommandContext): Promise<SessionOutcome[]> {
  const outcomes = await withProgress('Resuming the sessions…', () => supervision.resumeAll());
  tellOutcomes(log, outcomes, { done: 'resumed', none: 'No session was lost: there is nothing to resume.' });
  return outcomes;
}

function tellOutcomes(
  log: vscode.LogOutputChannel,
  outcomes: readonly SessionOutcome[],
  { done, none }: { done: string; none: string },
): void {
  const failed = outcomes.filter(({ state }) => state === 'failed');
  const summary = outcomes.length === 0 ? none : `${countSessions(outcomes.length - failed.length)} ${done}.`;
  const reasons = failed.map(({ name, message }) => `“${name}”: ${message}`);
  tellMany(log, { summary, reasons });
}

/** Asks how old, but of the group of archived sessions, which were chosen with it; and then about those that go. */
async function cleanUp(context: CommandContext, isArchive: boolean): Promise<CleanedUpSession[] | undefined> {
  const { supervision } = context;
  const olderThanDays = isArchive ? 0 : await askAge();
  if (olderThanDays === undefined) return undefined;
  const old = await supervision.cleanUp({ olderThanDays, dryRun: true });
  const planned = isArchive ? old.filter(({ record }) => isArchived(record)) : old;
  if (planned.length === 0) {
    tell(isArchive ? 'No session is archived.' : describeNone(olderThanDays));
    return planned;
  }
  if (!(await confirm(`Destroy ${countSessions(planned.length)}?`, describePlanned(planned), 'Destroy')))
    return undefined;
  const done = await withProgress('Cleaning up old sessions…', () => supervision.cleanUp({ olderThanDays }, planned));
  tellCleanedUp(context.log, done, await supervision.health().catch(() => undefined));
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

function describeNone(days: number): string {
  return `No session ended more than ${days} day${days === 1 ? '' : 's'} ago.`;
}

function describePlanned(planned: readonly CleanedUpSession[]): string {
  const now = new Date();
  const lines = planned.map(({ record: { name, status, endedAt, lastActivity } }) => {
    return `${name}: ${statusLook(status).label}, ${ago(endedAt ?? lastActivity, now)}`;
  });
  const fate = 'A worktree with work in it stays, and you are told where. The session list is backed up first.';
  return [...listOf(lines, maxNamed), '', fate].join('\n');
}

function tellCleanedUp(
  log: vscode.LogOutputChannel,
  done: readonly CleanedUpSession[],
  report: HealthReport | undefined,
): void {
  const reasons = done.flatMap(({ state, record, message }) =>
    state === 'failed' ? [`“${record.name}” could not be destroyed: ${message}`] : [],
  );
  const notes = done.flatMap(({ record: { name }, kept, isPending }) => {
    if (!kept) return [];
    if (isPending) return [`The worktree of “${name}” cannot be removed yet (${kept.reason}); that is done later.`];
    return [`The work of “${name}” was kept (${kept.reason}): ${kept.path}.`];
  });
  const left = done.flatMap(({ state, record }) => (state === 'failed' ? [] : (leftNotice(record, report) ?? [])));
  tellMany(log, {
    summary: `${countSessions(done.length - reasons.length)} destroyed.`,
    notes: [...notes, ...left],
    reasons,
  });
}
