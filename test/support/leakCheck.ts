import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { editorTempFolder } from './editorEnvironment.ts';
import { canFindMarked, findMarked, type MarkedProcess } from './markedProcesses.ts';
import { signal } from './processes.ts';
import type { TestRun } from './testRun.ts';
import { waitFor } from './waitFor.ts';

/**
 * Returns one line for each process, socket and temp folder that a run has left, then removes them.
 * What is just ending gets the time to do so.
 */
export async function collectLeaks(run: TestRun, patience = 10_000): Promise<readonly string[]> {
  const find = () => findLeaks(run);
  const none = (leaks: Leaks) => leaks.lines.length === 0;
  const leaks = await waitFor(find, none, { timeout: patience }).catch(find);
  for (const { pid } of leaks.processes) signal(pid, 'SIGKILL');
  await rm(run.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  return leaks.lines;
}

/** Removes all traces of a run when it is interrupted, and ends this process; the returned function takes that back. */
export function cleanUpWhenInterrupted(run: TestRun): () => void {
  const cleanUp = () => {
    stopCleaning();
    // Asked again, as by Ctrl+C in a terminal and by the parent too, it still finishes.
    for (const name of interruptions) process.on(name, () => {});
    void collectLeaks(run, 0).finally(() => process.exit(130));
  };
  const stopCleaning = () => {
    for (const name of interruptions) process.off(name, cleanUp);
  };
  for (const name of interruptions) process.on(name, cleanUp);
  return stopCleaning;
}

const interruptions = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

interface Leaks {
  readonly processes: readonly MarkedProcess[];
  readonly lines: readonly string[];
}

async function findLeaks(run: TestRun): Promise<Leaks> {
  const processes = await findMarked(`HOLDFAST_TEST_RUN=${run.id}`);
  const sockets = await socketsIn(join(run.folder, 'sock'));
  const folders = await readdir(join(run.folder, 'temp')).catch(nothingThere);
  const strays = (await editorTempFiles(run)).filter((name) => !editorsOwn.test(name));
  const lines = [
    ...processes.map(({ pid, command }) => `process ${pid}: ${command}`),
    ...sockets.map((socket) => `socket ${socket}`),
    ...folders.map((folder) => `temp folder ${folder}`),
    ...strays.map((name) => `in the editor's temp folder: ${name}`),
  ];
  return { processes, lines };
}

/** Sockets and caches that VS Code itself leaves when it is ended, and profiles that Electron does. */
const editorsOwn = /^(vscode-|node-compile-cache$|\.?(org\.chromium|com\.google|com\.microsoft)\.|scoped_dir)/i;

/** Only suites that run an editor make this folder. */
function editorTempFiles(run: TestRun): Promise<string[]> {
  return readdir(editorTempFolder(run)).catch(nothingThere);
}

/** A process that crashed may have removed the folder of its run already. */
function nothingThere(): [] {
  return [];
}

async function socketsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(nothingThere);
  return entries.filter((entry) => entry.isSocket()).map((entry) => entry.name);
}

/** Says what cannot be looked for on this system; undefined where everything can. */
export function leakCheckGap(): string | undefined {
  return canFindMarked ? undefined : 'Not checked for leaked processes: Windows does not show their environment.';
}
