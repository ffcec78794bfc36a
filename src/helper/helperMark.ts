import { stat, utimes } from 'node:fs/promises';
import os from 'node:os';

/** How often a helper leaves a mark that it looks after the hosts: on its file, whose time it sets. Milliseconds. */
export const markInterval = 30_000;

/** A mark that is not older than this says that what is gone went while, or just after, a helper looked; milliseconds. */
const markAge = 120_000;

/** One that is missing costs a session its restart, if helper and host are killed together. */
export async function leaveMark(file: string): Promise<void> {
  const now = new Date();
  await utimes(file, now, now).catch(() => undefined);
}

export interface MarkClock {
  /** Milliseconds since 1970. */
  now: number;
  /** Since the system was started; seconds. */
  uptime: number;
}

/**
 * Whether a helper looked after the hosts until a moment ago, in this life of the machine: after one that was started
 * anew at once nothing has crashed, and Windows has no id for its boots that would tell.
 */
export async function isMarkFresh(
  file: string,
  { now, uptime }: MarkClock = { now: Date.now(), uptime: os.uptime() },
): Promise<boolean> {
  const { mtimeMs } = (await stat(file).catch(() => undefined)) ?? {};
  return mtimeMs !== undefined && Math.abs(now - mtimeMs) < Math.min(markAge, uptime * 1_000);
}
