import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestRun } from './testRun.ts';

/**
 * Variables that keep what an editor leaves in the temp folder (its own sockets, above all) inside the test run's,
 * and the start files of the user's shell out of the terminals: they may print, take long, or wait for a lock.
 */
export async function editorEnvironment(run: TestRun): Promise<NodeJS.ProcessEnv> {
  const folder = editorTempFolder(run);
  const home = join(run.folder, 'home');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await mkdir(home, { recursive: true });
  return { TMPDIR: folder, TEMP: folder, TMP: folder, XDG_RUNTIME_DIR: folder, HOME: home, ZDOTDIR: home };
}

/** The temp folder of the editors of a run. */
export function editorTempFolder(run: TestRun): string {
  return join(run.folder, 'tmp');
}
