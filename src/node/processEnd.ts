import { delay } from '../base/async.ts';
import { backoff } from '../base/backoff.ts';
import { systemErrorCode } from '../base/errors.ts';
import { isOwnProgram } from './ownProgram.ts';
import { liveness, ownIdentity, type ProcessIdentity } from './processIdentity.ts';

/** What is left of a process to be told apart by: a pid may be given to another one. */
export type ProcessRef = Pick<ProcessIdentity, 'pid' | 'startTime'>;

/** The same text for the same process alone. */
export function keyOf({ pid, startTime }: ProcessRef): string {
  return `${pid} ${startTime}`;
}

export function isSame(one: ProcessRef, other: ProcessRef | undefined): boolean {
  return other !== undefined && keyOf(one) === keyOf(other);
}

/** Each process once. */
export function distinct(processes: readonly ProcessRef[]): ProcessRef[] {
  return [...new Map(processes.map((one) => [keyOf(one), one])).values()];
}

/** The process as it can be asked about: it was seen in this boot, and from here. */
export async function identityOf({ pid, startTime }: ProcessRef): Promise<ProcessIdentity> {
  const { bootId, pidNamespace } = await ownIdentity();
  return { pid, startTime, bootId, ...(pidNamespace === undefined ? {} : { pidNamespace }) };
}

/**
 * Sends a signal to the very processes, never to one that has the pid by now, nor to a helper or a host. Windows has no
 * hangup, so that one reaches nobody there.
 */
export async function signalEach(
  processes: readonly ProcessRef[],
  signal: NodeJS.Signals,
  platform: NodeJS.Platform = process.platform,
): Promise<void> {
  if (signal === 'SIGHUP' && platform === 'win32') return;
  await Promise.all(processes.map((one) => signalOne(one, signal)));
}

async function signalOne(one: ProcessRef, signal: NodeJS.Signals): Promise<void> {
  if ((await liveness(await identityOf(one))) !== 'alive' || isOwnProgram({ pid: one.pid })) return;
  try {
    process.kill(one.pid, signal);
  } catch (error) {
    // It has ended meanwhile, or has become another user's.
    if (!['ESRCH', 'EPERM'].includes(systemErrorCode(error) ?? '')) throw error;
  }
}

/** Those that live, or may, once all have ended or `patience` milliseconds have passed. */
export async function waitForEnds(processes: readonly ProcessRef[], patience: number): Promise<ProcessRef[]> {
  let left = [...processes];
  const haveEnded = async () => {
    left = await living(left);
    return left.length === 0;
  };
  await lookUntil(haveEnded, patience);
  return left;
}

/**
 * Looks at processes again and again until what is waited for is so, or `patience` milliseconds have passed. Returns
 * whether it is so; the last look is taken once the patience is over.
 */
export async function lookUntil(isOver: () => Promise<boolean>, patience: number): Promise<boolean> {
  const deadline = performance.now() + patience;
  for (const pause of lookPauses()) {
    if (await isOver()) return true;
    const rest = deadline - performance.now();
    if (rest <= 0) return false;
    await delay(Math.min(pause, Math.ceil(rest)));
  }
  return false;
}

/** Milliseconds between two looks at single processes; where each starts a process of its own, at least a second. */
export function lookPauses(platform: NodeJS.Platform = process.platform): Generator<number, never> {
  return backoff(platform === 'linux' ? { initial: 10, max: 200 } : { initial: 1_000, max: 2_000 });
}

async function living(processes: readonly ProcessRef[]): Promise<ProcessRef[]> {
  const states = await Promise.all(processes.map(async (one) => liveness(await identityOf(one))));
  return processes.filter((_, index) => states[index] !== 'gone');
}
