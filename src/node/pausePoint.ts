import { existsSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { delay } from '../base/async.ts';

/** Where tests ask processes to wait; undefined wherever people work. */
const folder = process.env.HOLDFAST_PAUSE_FOLDER;

/** How often a process that waits looks whether it may go on; milliseconds. */
const interval = 5;

/**
 * Marks a point between two steps, for tests to stop the process at. There it waits where a test has put a file
 * `<name>.asked` into the folder that `HOLDFAST_PAUSE_FOLDER` names: the file becomes `<name>.reached`, which holds the
 * pid, and the process goes on once that is removed. One file stops one process, once.
 */
export async function pausePoint(name: string): Promise<void> {
  if (folder !== undefined) await pauseAt(path.join(folder, name));
}

async function pauseAt(point: string): Promise<void> {
  const reached = `${point}.reached`;
  try {
    renameSync(`${point}.asked`, reached);
  } catch {
    return;
  }
  writeFileSync(reached, `${process.pid}\n`);
  while (existsSync(reached)) await delay(interval);
}
