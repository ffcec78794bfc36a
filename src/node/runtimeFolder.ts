import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { toStorageError } from './durableFile.ts';

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
  const folder = path.join(stateFolder, 'runtime', await runtimeName(dist));
  if (await exists(path.join(folder, 'version.json'))) return folder;
  const draft = `${folder}.${process.pid}.${Date.now()}`;
  try {
    await mkdir(draft, { recursive: true, mode: 0o700 });
    for (const file of runtimeFiles()) await cp(path.join(dist, file), path.join(draft, file), { recursive: true });
    await allowSpawnHelper(draft);
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process staged the same content first.
    if (!(await exists(path.join(folder, 'version.json')))) throw toStorageError(error, folder);
  }
  return folder;
}

/** On macOS node-pty starts processes through a program of its own, whose mode a package may not have kept. */
async function allowSpawnHelper(folder: string): Promise<void> {
  if (process.platform !== 'darwin') return;
  await chmod(path.join(folder, 'prebuilds', `${process.platform}-${process.arch}`, 'spawn-helper'), 0o755);
}

async function runtimeName(dist: string): Promise<string> {
  const { version } = JSON.parse(await readFile(path.join(dist, 'version.json'), 'utf8'));
  const hash = createHash('sha256');
  for (const program of ['helper.cjs', 'host.cjs']) hash.update(await readFile(path.join(dist, program)));
  return `${version}-${hash.digest('hex').slice(0, 12)}`;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
