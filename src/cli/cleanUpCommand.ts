import { toErrorShape } from '../base/errors.ts';
import { BackupStores } from '../client/backupStores.ts';
import { type CleanUpResult, cleanUp, sessionsToCleanUp } from '../client/manySessions.ts';
import { destroySession, type LifeContext } from '../client/sessionLife.ts';
import { leftNotice } from '../core/healthPresentation.ts';
import { ago, describeExit, statusLook } from '../core/presentation.ts';
import type { KeptWork } from '../node/worktreeRemoval.ts';
import type { HealthReport } from '../protocol/health.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { errorText } from './failureReport.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, type RepositorySessions, withSessions } from './repositorySessions.ts';
import { lifeOf } from './sessionLife.ts';
import { matchExactly } from './sessionMatch.ts';
import { shownRecord } from './shownRecord.ts';

/** `holdfast clean-up --older-than DAYS` */
export async function cleanUpSessions(
  program: Program,
  { olderThan: olderThanDays = 0, dryRun, json }: CommandArguments,
): Promise<number> {
  return withSessions(program, async (sessions) => {
    const records = await sessions.list();
    const old = sessionsToCleanUp(records, olderThanDays);
    const life = old.length > 0 && !dryRun ? await prepare(sessions) : undefined;
    const results = await cleanUp(
      old,
      { olderThanDays, dryRun },
      {
        look: async (id) => matchExactly(await sessions.list(), id),
        destroy: (record) => destroySession(life as LifeContext, record),
      },
    );
    if (json) printJson(results.map(shownResult));
    else report(results, olderThanDays, results.length > 0 ? await sessions.health() : undefined);
    return results.some(({ state }) => state === 'failed') ? 1 : 0;
  });
}

/** What is about to be destroyed is backed up first. */
async function prepare(sessions: RepositorySessions): Promise<LifeContext> {
  const life = await lifeOf(sessions);
  const stores = await BackupStores.find(life.machine, life.workplace);
  await stores.take('destroy', (await life.helper.list()).records);
  return life;
}

function report(results: readonly CleanUpResult[], days: number, health: HealthReport | undefined): void {
  if (results.length === 0) print(noneOld(days));
  for (const result of results) {
    const { name } = result.record;
    if (result.state === 'failed') console.error(`${name}: ${errorText(result.error)}`);
    else if (result.state === 'planned') print(`${name} would be destroyed: ${describeEnd(result.record)}.`);
    else print(`Destroyed ${name}.${fateOf(result)}`);
    const left = result.state === 'failed' ? undefined : leftNotice(result.record, health);
    if (left !== undefined) print(left);
  }
}

function fateOf({ kept, isPending }: { kept?: KeptWork; isPending?: true }): string {
  if (!kept) return '';
  if (isPending) return ` Its worktree cannot be removed yet (${kept.reason}); that is done later: ${kept.path}`;
  return ` Its work was kept (${kept.reason}): ${kept.path}`;
}

export function noneOld(days: number): string {
  if (days === 0) return 'No session has ended.';
  return `No session ended more than ${days} day${days === 1 ? '' : 's'} ago.`;
}

function describeEnd(record: SessionRecord): string {
  const { status, endedAt, lastActivity } = record;
  const how = [statusLook(status).label, describeExit(record)].filter(Boolean).join(', ');
  return `${how}, ${ago(endedAt ?? lastActivity, new Date())}`;
}

function shownResult(result: CleanUpResult): unknown {
  const { state, record } = result;
  const shown = { state, session: shownRecord(record) };
  if (result.state === 'failed') return { ...shown, error: toErrorShape(result.error) };
  const { kept, isPending } = result;
  return { ...shown, ...(kept ? { kept } : {}), ...(isPending ? { isPending } : {}) };
}
