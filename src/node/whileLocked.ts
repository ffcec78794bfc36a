import { delay } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { gitMessage } from './git.ts';

/** Milliseconds between attempts: what agents do with git is mostly done within these. */
const pauses = [100, 200, 400, 800, 1_600];

/**
 * Tries again while another git holds a lock that this one needs. A lock is never removed.
 *
 * @throws {HoldfastError} `LOCKED` with `data.lock`, and what `task` throws
 */
export async function whileLocked<T>(task: () => Promise<T>): Promise<T> {
  for (const pause of pauses) {
    try {
      return await task();
    } catch (error) {
      if (lockIn(error) === undefined) throw error;
      await delay(pause);
    }
  }
  return task().catch((error) => {
    throw explainLock(error);
  });
}

function lockIn(error: unknown): string | undefined {
  return gitMessage(error).match(/Unable to create '(.+?\.lock)': File exists/)?.[1];
}

/** The error of a git that met a lock as advice; any other as it is. */
export function explainLock(error: unknown): unknown {
  const lock = lockIn(error);
  if (lock === undefined) return error;
  return new HoldfastError('LOCKED', 'Another git process is at work there. Nothing was changed.', {
    advice: `Try again when it is done. If none runs any more, remove ${lock}.`,
    data: { lock },
    cause: error,
  });
}
