import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestRun } from './testRun.ts';

/** Variables that keep what an editor leaves in the temp folder (its own sockets, above all) inside the test run's. */
export async function editorEnvironment(run: TestRun): Promise<NodeJS.ProcessEnv> {
  const folder = join(run.folder, 'tmp');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return { TMPDIR: folder, TEMP: folder, TMP: folder, XDG_RUNTIME_DIR: folder };
}
