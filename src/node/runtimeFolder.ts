import { createHash, randomUUID } from 'node:crypto';
import { chmod, cp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { isMissing, toStorageError } from './durableFile.ts';
import { exists } from './exists.ts';
import { tryLock } from './lockFile.ts';
import type { Log } from './log.ts';
import { makeFolders } from './makeFolders.ts';

/** All runtime copies, in the state folder. */
const allRuntimes = 'runtime';

/** Locks in a runtime copy, one held by each process that runs from it. */
const usesFolder = 'uses';

/** A copy may be about to be used for this long after it was last asked for; milliseconds. */
const minIdleAge = 24 * 3_600_000;

/** The programs, and what node-pty needs beside them; those of other platforms stay out. */
function runtimeFiles(): string[] {
  const native = path.join('prebuilds', `${process.platform}-${process.arch}`);
  const windowsOnly = process.platform === 'win32' ? ['worker', 'conpty_console_list_agent.js'] : [];
  return ['helper.cjs', 'host.cjs', 'version.json', native, ...windowsOnly];
}

/**
 * Copies the helper's and host's files out of `dist` to a folder named after their version and content, and
 * returns that folder. The editor may delete an extension's folder, and Windows locks loaded files, while
 * sessions started from it still run.
 */
export async function stageRuntime(dist: string, stateFolder: string): Promise<string> {
  const folder = path.join(stateFolder, allRuntimes, await runtimeName(dist));
  if (await isRuntime(folder)) {
    await utimes(folder, new Date(), new Date()).catch(() => undefined);
    return folder;
  }
  const draft = unusedName(folder);
  try {
    await makeFolders(draft);
    for (const file of runtimeFiles()) await cp(path.join(dist, file), path.join(draft, file), { recursive: true });
    await allowSpawnHelper(draft);
    await setAsideIncomplete(folder);
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process staged the same content first.
    if (!(await isRuntime(folder))) throw toStorageError(error, folder);
  }
  return folder;
}

/**
 * Notes that this process runs from `folder`, if that is a runtime copy, so that it is not removed meanwhile. What
 * a process leaves that is killed, the next cleaning takes away.
 */
export async function markRuntimeUse(folder: string): Promise<void> {
  if (path.basename(path.dirname(folder)) !== allRuntimes) return;
  await tryLock(path.join(folder, usesFolder, `${randomUUID()}.lock`));
}

/** The locks of all processes that run from copies, those that killed ones have left included. */
export async function findRuntimeUses(stateFolder: string): Promise<string[]> {
  const parent = path.join(stateFolder, allRuntimes);
  const folders = (await namesIn(parent)).map((name) => path.join(parent, name, usesFolder));
  const locks = await Promise.all(
    folders.map(async (folder) => (await namesIn(folder)).filter(isUse).map((name) => path.join(folder, name))),
  );
  return locks.flat();
}

/** What killed takers leave beside a lock has another ending. */
function isUse(name: string): boolean {
  return name.endsWith('.lock');
}

/** Removes the runtime copies that no process runs from any more, and returns their names. */
export async function removeUnusedRuntimes(stateFolder: string, log: Log, now = Date.now()): Promise<string[]> {
  const parent = path.join(stateFolder, allRuntimes);
  const removed: string[] = [];
  for (const name of await namesIn(parent)) {
    try {
      if (await removeIfUnused(path.join(parent, name), now)) removed.push(name);
    } catch (error) {
      log.warn('A copy of the programs could not be removed', { name, error });
    }
  }
  return removed;
}

async function removeIfUnused(folder: string, now: number): Promise<boolean> {
  const { mtimeMs } = await stat(folder);
  if (now - mtimeMs < minIdleAge || !(await isUnused(folder))) return false;
  // Whoever looks for the copy must find all of it or nothing.
  const doomed = unusedName(folder);
  await rename(folder, doomed);
  await rm(doomed, { recursive: true, force: true });
  return true;
}

/** Without the locks of any process, as versions before these locks left it, nothing is proven. */
async function isUnused(folder: string): Promise<boolean> {
  const uses = path.join(folder, usesFolder);
  const wasUsed = await exists(uses);
  if (!wasUsed && !draftName.test(folder)) return false;
  // One after the other, for each is a look at a process, and the first that lives is enough.
  for (const name of await namesIn(uses)) {
    if (isUse(name) && !(await isReleased(path.join(uses, name)))) return false;
  }
  return true;
}

/** Of a process that is proven gone the lock can be had, and is then removed. */
async function isReleased(lockFile: string): Promise<boolean> {
  const attempt = await tryLock(lockFile);
  if (!('lock' in attempt)) return false;
  await attempt.lock.release();
  return true;
}

const draftName = /\.\d+\.\d+$/;

/** A name from which no process is ever started. */
function unusedName(folder: string): string {
  return `${folder}.${process.pid}.${Date.now()}`;
}

/** What a cleaner has left of a copy may still be in use, so that it is not touched itself. */
async function setAsideIncomplete(folder: string): Promise<void> {
  if (!(await exists(folder)) || (await isRuntime(folder))) return;
  await rename(folder, unusedName(`${folder}.incomplete`));
}

/** Whether all the programs are in `folder`, as whole as when it got its name. */
export async function isRuntime(folder: string): Promise<boolean> {
  const files = await Promise.all(runtimeFiles().map((file) => exists(path.join(folder, file))));
  if (!files.every(Boolean)) return false;
  const name = await runtimeName(folder).catch(() => undefined);
  return name === path.basename(folder);
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
}

/** On macOS node-pty starts processes through a program of its own, whose mode a package may not have kept. */
async function allowSpawnHelper(folder: string): Promise<void> {
  if (process.platform !== 'darwin') return;
  await chmod(path.join(folder, 'prebuilds', `${process.platform}-${process.arch}`, 'spawn-helper'), 0o755);
}

/** The version of the programs in `folder`. @throws where there are none. */
export async function readRuntimeVersion(folder: string): Promise<string> {
  return JSON.parse(await readFile(path.join(folder, 'version.json'), 'utf8')).version;
}

async function runtimeName(dist: string): Promise<string> {
  const version = await readRuntimeVersion(dist);
  const hash = createHash('sha256');
  for (const program of ['helper.cjs', 'host.cjs']) hash.update(await readFile(path.join(dist, program)));
  return `${version}-${hash.digest('hex').slice(0, 12)}`;
}
