import type { LaunchSpec } from '../protocol/hostMessages.ts';
import type { Evidence, RecordChanges, SessionRecord, SetupProgress } from '../protocol/sessionRecord.ts';
import { afterEnd, type EndContext, type Starter } from './recovery.ts';
import { describeEnd, meaningOf, type SessionEnd } from './sessionEnd.ts';
import { isGoingOn, isRecovering, isRunning } from './sessionRecord.ts';
import { transition } from './statusMachine.ts';
import type { EffectivePolicy } from './supervisionPolicy.ts';

/** Of a record while a step of its setup runs. */
export const setupPhase = 'setup';

/** What would put a failed setup right, as a sentence. */
const action = 'Put it right and restart the session, which runs the setup again, or start it without.';

/** Whether the setup is still to be run before the session’s own command, or to be run again. */
export function needsSetup({ setup }: Pick<SessionRecord, 'setup'>): boolean {
  return setup !== undefined && setup.state !== 'done' && setup.state !== 'skipped';
}

/** Whether a step of its setup runs, or the next one is about to. */
export function isSettingUp(record: Pick<SessionRecord, 'status' | 'setup'>): boolean {
  return record.setup?.state === 'running' && isGoingOn(record);
}

/** Whether it has ended since its setup did not succeed. */
export function hasFailedSetup({ status, setup }: Pick<SessionRecord, 'status' | 'setup'>): boolean {
  return setup?.state === 'failed' && (status === 'failed' || status === 'timeout');
}

/** Whether it is about to go on with its setup, or with its own command after that, which is no restart. */
export function isGoingOnAfterSetup(record: Pick<SessionRecord, 'status' | 'setup' | 'attempts'>): boolean {
  const { setup, attempts } = record;
  return isRecovering(record) && attempts === 0 && (setup?.state === 'running' || setup?.state === 'done');
}

/**
 * Whether a process that was started at this time is the one that was due: its helper was killed before it could note the
 * start, and by now the process may have ended.
 */
export function wasStartedUnseen(
  record: Pick<SessionRecord, 'status' | 'setup' | 'attempts' | 'recovery'>,
  startedAt: string,
): boolean {
  const due = record.recovery?.retryAt;
  return isGoingOnAfterSetup(record) && due !== undefined && Date.parse(startedAt) >= Date.parse(due);
}

/** Whether its worktree is being made ready, be it that the next step is but due. */
export function isBeingMadeReady(record: Pick<SessionRecord, 'status' | 'setup' | 'attempts'>): boolean {
  return record.status !== 'waiting' && (isSettingUp(record) || isGoingOnAfterSetup(record));
}

/**
 * What the record says before a process of the session is started, so that whoever finds it running knows what it is.
 * A start that the user asks for begins the setup anew where it brings one; undefined where nothing is to be changed.
 */
export function setupAtStart(
  record: SessionRecord,
  { setup }: Pick<LaunchSpec, 'setup'>,
  by: Starter,
): RecordChanges | undefined {
  const step = stepToRun(record, setup, by);
  const first = setup?.steps[step ?? 0];
  if (setup && first && step !== undefined) {
    const { steps, timeout } = setup;
    return {
      currentPhase: setupPhase,
      setup: { state: 'running', step, steps: steps.length, what: first.what, timeout },
    };
  }
  const isLeftOut = needsSetup(record) && !hasNone(record);
  if (isLeftOut) return { currentPhase: undefined, setup: { ...(record.setup as SetupProgress), state: 'skipped' } };
  return record.currentPhase === setupPhase ? { currentPhase: undefined } : undefined;
}

/** What the record says of a setup once its process runs: of one that was not to be run there is no word. */
export function setupOnceStarted(record: SessionRecord): RecordChanges {
  return hasNone(record) ? { setup: undefined } : {};
}

/** Whether there was nothing to be run in its new worktree. */
function hasNone({ setup }: SessionRecord): boolean {
  return setup?.state === 'pending' && setup.what === undefined;
}

function stepToRun(record: SessionRecord, setup: LaunchSpec['setup'], by: Starter): number | undefined {
  if (!setup || setup.steps.length === 0) return undefined;
  if (by === 'user') return 0;
  return isSettingUp(record) ? Math.min(record.setup?.step ?? 0, setup.steps.length - 1) : undefined;
}

/** What a host is started with, given the record as {@link setupAtStart} has made it. */
export function launchOfNow(
  launch: LaunchSpec,
  { setup: progress, worktreePath }: Pick<SessionRecord, 'setup' | 'worktreePath'>,
): LaunchSpec {
  // What is known of an earlier start may name its step.
  const { instead: _, ...own } = launch;
  const { setup } = own;
  const step = progress?.state === 'running' ? progress.step : undefined;
  const call = step === undefined ? undefined : setup?.steps[step];
  if (!setup || !call) return own;
  const { file, args, what } = call;
  return { ...own, instead: { file, args, cwd: worktreePath }, notice: `Setup, ${positionOf(progress)}: ${what}` };
}

/** “step 1 of 2”. */
function positionOf({ step = 0, steps = 1 }: Partial<SetupProgress> = {}): string {
  return `step ${step + 1} of ${steps}`;
}

/** What stands before the output of the session’s own command. */
export const setupDone = 'Its setup has succeeded';

/** Why its process runs, where that is a step of the setup. */
export function setupEvidence({ setup }: Pick<SessionRecord, 'setup'>, now: Date): Evidence {
  const what = `its worktree is being set up: ${setup?.what ?? ''} (${positionOf(setup)})`;
  return { what, by: 'user', at: now.toISOString() };
}

/** The record’s changes after the end of a step: the next one is due, or the command itself, or the setup has failed. */
export function afterSetupStep(context: EndContext): RecordChanges {
  const { record, end } = context;
  if (isRunning(record) && meaningOf(end) === 'success') return afterSuccess(context);
  const policy: EffectivePolicy = { ...context.policy, retry: 'never', onLimit: 'stop' };
  const changes = afterEnd({ ...context, policy });
  const hasFailed = changes.status === 'failed' || changes.status === 'timeout';
  const evidence = changes.evidence;
  return {
    ...changes,
    currentPhase: undefined,
    setup: { ...(record.setup as SetupProgress), state: hasFailed ? 'failed' : 'pending' },
    ...(hasFailed && evidence ? { evidence: { ...evidence, what: describeFailure(record, end), action } } : {}),
  };
}

/** It goes on as one that is to be started by itself, at once: the record alone says so, to any helper. */
function afterSuccess({ record, now }: EndContext): RecordChanges {
  const { step = 0, steps = 1, ...setup } = record.setup as SetupProgress;
  const isLast = step + 1 >= steps;
  const at = now.toISOString();
  return {
    ptyPid: undefined,
    ending: undefined,
    countsFrom: undefined,
    status: transition(record.status, 'retryScheduled'),
    attempts: 0,
    setup: isLast ? { ...setup, step, steps, state: 'done' } : { ...setup, step: step + 1, steps },
    ...(isLast ? { currentPhase: undefined } : {}),
    evidence: { what: isLast ? 'its setup has succeeded' : 'its setup goes on', by: 'process', at },
    recovery: { starts: [], quickExits: 0, delay: 0, retryAt: at },
  };
}

function describeFailure({ setup }: SessionRecord, end: SessionEnd): string {
  const what = `“${setup?.what ?? 'a command'}”`;
  if (end.kind === 'exited') return `its setup failed: ${what} ${describeEnd(end)}`;
  if (end.kind === 'timeout') return `its setup failed: ${what} took longer than ${minutes(setup?.timeout)}`;
  return `its setup failed at ${what}: ${describeEnd(end)}`;
}

function minutes(count = 0): string {
  return `${count} minute${count === 1 ? '' : 's'}`;
}

/** What applies while the setup runs: its own time, and no other. */
export function policyInSetup(policy: EffectivePolicy, { setup }: Pick<SessionRecord, 'setup'>): EffectivePolicy {
  return { ...policy, sessionTimeout: setup?.timeout ?? 0, idleTimeout: 0, onLimit: 'stop' };
}
