import { delay } from '../base/async.ts';
import { backoff } from '../base/backoff.ts';
import { systemErrorCode } from '../base/errors.ts';
import { isOwnProgram } from './ownProgram.ts';
import { liveness, ownIdentity, type ProcessIdentity } from './processIdentity.ts';

/** What is left of a process to be told apart by: a pid may be given to another one. */
export type ProcessRef = Pick<ProcessIdentity, 'pid' | 'startTime'>;

/** The process as it can be asked about: it was seen in this boot, and from here. */
export async function identityOf({ pid, startTime }: ProcessRef): Promise<ProcessIdentity> {
  const { bootId, pidNamespace } = await ownIdentity();
  return { pid, startTime, bootId, ...(pidNamespace === undefined ? {} : { pidNamespace }) };
}

/** Sends a signal to the very processes, never to one that has the pid by now, nor to a helper or a host. */
export async function signalEach(processes: readonly ProcessRef[], signal: NodeJS.Signals): Promise<void> {
  for (const one of processes) {
    if ((await liveness(await identityOf(one))) !== 'alive' || isOwnProgram(one.pid)) continue;
    try {
      process.kill(one.pid, signal);
    } catch (error) {
      // It has ended meanwhile, or has become another user's.
      if (!['ESRCH', 'EPERM'].includes(systemErrorCode(error) ?? '')) throw error;
    }
  }
}

/** Those that live, or may, once all have ended or `patience` milliseconds have passed. */
export async function waitForEnds(processes: readonly ProcessRef[], patience: number): Promise<ProcessRef[]> {
  const deadline = performance.now() + patience;
  let left = [...processes];
  for (const pause of backoff({ initial: 10, max: 200 })) {
    left = await living(left);
    if (left.length === 0 || performance.now() > deadline) return left;
    await delay(pause);
  }
  return left;
}

async function living(processes: readonly ProcessRef[]): Promise<ProcessRef[]> {
  const states = await Promise.all(processes.map(async (one) => liveness(await identityOf(one))));
  return processes.filter((_, index) => states[index] !== 'gone');
}
