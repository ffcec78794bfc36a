import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Everything that one run of a suite may create, and the mark that its processes carry. */
export interface TestRun {
  /** The value of HOLDFAST_TEST_RUN in the environment of every process of the run. */
  readonly id: string;
  readonly folder: string;
}

/** Makes the folders of a run and points the product at them through the environment of this process. */
export function beginTestRun(env: NodeJS.ProcessEnv = process.env): TestRun {
  // The real path, as git and VS Code name it too: the temp folder of macOS is a link.
  const folder = mkdtempSync(join(realpathSync(shortTempDir()), 'hf-'));
  const run = { id: randomBytes(8).toString('hex'), folder };
  env.HOLDFAST_TEST_RUN = run.id;
  env.HOLDFAST_TEST_FOLDER = run.folder;
  env.HOLDFAST_STATE_DIR = makeFolder(run.folder, 'state');
  env.HOLDFAST_RUNTIME_DIR = makeFolder(run.folder, 'sock');
  // The same everywhere, whether or not the machine has a service manager for its users.
  env.HOLDFAST_SCOPE = 'off';
  makeFolder(run.folder, 'temp');
  return run;
}

/** The run that this process belongs to; throws where there is none, so that no test touches a user's own sessions. */
export function currentTestRun(env: NodeJS.ProcessEnv = process.env): TestRun {
  const id = env.HOLDFAST_TEST_RUN;
  const folder = env.HOLDFAST_TEST_FOLDER;
  if (!id || !folder || !env.HOLDFAST_STATE_DIR?.startsWith(folder)) {
    throw new Error('HOLDFAST_STATE_DIR is not a temp folder of a test run: start the tests with npm test.');
  }
  return { id, folder };
}

/** Socket paths are limited to 104 bytes, and the temp folder of macOS takes half of them. */
function shortTempDir(): string {
  return process.platform === 'darwin' ? '/tmp' : tmpdir();
}

function makeFolder(parent: string, name: string): string {
  const folder = join(parent, name);
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}
