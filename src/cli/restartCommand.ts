import { resumeAll } from '../client/manySessions.ts';
import { type RestartOptions, restartSession } from '../client/sessionLife.ts';
import { describeOutcome } from '../core/explain.ts';
import { isRunning, wasLost } from '../core/sessionRecord.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { reportMany } from './manyResults.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, type RepositorySessions, withSessions } from './repositorySessions.ts';
import { lifeOf } from './sessionLife.ts';
import { matchExactly } from './sessionMatch.ts';
import { shownRecord } from './shownRecord.ts';
import { UsageError } from './usageError.ts';

/** `holdfast restart NAME` */
export async function restartOne(program: Program, options: CommandArguments): Promise<number> {
  const { name, runSetup, skipSetup, json } = options;
  if (runSetup && skipSetup) throw new UsageError('A setup is run or skipped, not both.', 'restart');
  const setup = runSetup ? 'run' : skipSetup ? 'skip' : undefined;
  return withSessions(program, async (sessions) => {
    const { record } = await sessions.find(name, matchExactly);
    const after = await start(sessions, record, setup === undefined ? {} : { setup });
    if (json) printJson(shownRecord(after));
    else print(`Restarted ${describeStarted(after)}.`);
    return 0;
  });
}

/** `holdfast resume NAME`, `holdfast resume --all` */
export async function resumeSession(program: Program, { name, all, json }: CommandArguments): Promise<number> {
  return withSessions(program, async (sessions) => {
    if (all) return resumeEach(sessions, json);
    const { record } = await sessions.find(name);
    const after = isRunning(record) ? record : await start(sessions, record, { isResumed: true });
    if (json) printJson(shownRecord(after));
    else print(after === record ? `${record.name} runs already.` : `Resumed ${describeStarted(after)}.`);
    return 0;
  });
}

async function resumeEach(sessions: RepositorySessions, json: boolean): Promise<number> {
  const lost = (await sessions.list()).filter(wasLost);
  const results = await resumeAll(lost, (record) => start(sessions, record, { isResumed: true }));
  const done = (record: SessionRecord) => `Resumed ${describeStarted(record)}.`;
  return reportMany(results, { json, done, none: 'No session was lost.' });
}

async function start(
  sessions: RepositorySessions,
  before: SessionRecord,
  options: RestartOptions = {},
): Promise<SessionRecord> {
  const { record, notice } = await restartSession(await lifeOf(sessions), before, options);
  // Standard output may be JSON.
  if (notice !== undefined) console.error(notice);
  return record;
}

/** A short command may be over before its start is told. */
export function describeStarted(record: SessionRecord): string {
  const { name, ptyPid } = record;
  return ptyPid === undefined ? `${name}; since then it ${describeOutcome(record)}` : `${name} (process ${ptyPid})`;
}
