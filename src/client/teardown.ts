import { appendFile, rm } from 'node:fs/promises';
import { HoldfastError } from '../base/errors.ts';
import { launchEnvironment } from '../core/launchEnvironment.ts';
import { exists } from '../node/exists.ts';
import { type CommandEnd, runLogged, tailOf } from '../node/loggedCommand.ts';
import { makeFolders } from '../node/makeFolders.ts';
import { sessionPlaces } from '../node/places.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { type SessionLaunchContext, settingsFor, sourcesOf } from './sessionLaunch.ts';
import { defaultSetupTimeout, findSteps, type Step } from './worktreeSetup.ts';

const minute = 60_000;

export interface TeardownOptions {
  signal?: AbortSignal | undefined;
  /** Whether the worktree will go; asked only where there is something to be done. */
  goes?: () => Promise<boolean>;
}

/**
 * Runs in a session's worktree what is to be done before that is removed: the commands that the user has set, or the
 * repository's own script. Their output is in the session's folder. Where there is nothing to be done, or no worktree
 * any more, nothing is.
 *
 * @throws {HoldfastError} `TEARDOWN_FAILED`, and the worktree must stay; `data.log` is the file with the output
 */
export async function runTeardown(
  context: SessionLaunchContext,
  record: SessionRecord,
  { signal, goes }: TeardownOptions = {},
): Promise<void> {
  const { branch, worktreePath } = record;
  if (branch === '' || !(await exists(worktreePath))) return;
  const { shell, variables, worktree = {} } = await settingsFor(context, record);
  const { teardown: lines, setupTimeout = defaultSetupTimeout } = worktree;
  const steps = await findSteps('teardown', { worktree: worktreePath, lines, shell });
  if (steps.length === 0 || (goes && !(await goes()))) return;
  const { folder, teardownLog: log } = sessionPlaces(context.machine, context.workplace.key, record.id);
  await makeFolders(folder);
  await rm(log, { force: true });
  const env = launchEnvironment(record, { ...(await sourcesOf(context, record)), variables });
  for (const step of steps) {
    await appendFile(log, `$ ${step.what}\n`, { mode: 0o600 });
    const timeout = setupTimeout * minute;
    const end = await runLogged(step, { cwd: worktreePath, env, log, sessionId: record.id, timeout, signal });
    if (end.kind !== 'exited' || end.code !== 0) throw await failed(record, step, { end, setupTimeout, log });
  }
}

/** What a teardown that the user turned away from rejects with. */
export function teardownCancelled(): HoldfastError {
  const text = 'The session was not destroyed, for you cancelled its teardown. Only its process was ended.';
  return new HoldfastError('CANCELLED', text);
}

interface Failure {
  end: CommandEnd;
  /** Minutes. */
  setupTimeout: number;
  log: string;
}

async function failed(
  { id, name }: SessionRecord,
  { what }: Step,
  { end, setupTimeout, log }: Failure,
): Promise<HoldfastError> {
  const tail = await tailOf(log);
  const how = describe(end, setupTimeout) + (tail ? `, and said last: ${tail}` : '');
  const text = `The teardown of “${name}” failed: “${what}” ${how}. The session and its worktree were kept.`;
  return new HoldfastError('TEARDOWN_FAILED', text, {
    advice: 'Put it right and destroy the session again, or destroy it without its teardown.',
    data: { id, log },
  });
}

function describe(end: CommandEnd, minutes: number): string {
  switch (end.kind) {
    case 'tooLong':
      return `took longer than ${minutes} minute${minutes === 1 ? '' : 's'}`;
    case 'notStarted':
      return `could not be started (${end.why})`;
    case 'exited':
      return end.signal === null ? `ended with code ${end.code}` : `was ended by ${end.signal}`;
  }
}
