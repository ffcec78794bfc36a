import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cleanEnvironment } from './environment.ts';
import { repositoryRoot } from './paths.ts';
import { endGroup, signal } from './processes.ts';
import type { RunningEditor } from './runningEditor.ts';

/** The desktop VS Code whose `code` is on the PATH; the `code` of a terminal in a remote window only opens files. */
export function findDesktopEditor(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = (env.PATH ?? env.Path ?? '').split(delimiter).filter((folder) => !folder.includes('remote-cli'));
  // On Windows `code` is a batch file, which only a shell can start, so the program beside it is started instead.
  const [script, program] = process.platform === 'win32' ? ['code.cmd', join('..', 'Code.exe')] : ['code', 'code'];
  const folder = folders.find((candidate) => existsSync(join(candidate, script)));
  return folder === undefined ? undefined : join(folder, program);
}

/** Opens a development window in an instance of its own, which can be ended without touching other windows. */
export async function openDesktop(program: string, folder: string, dataFolder: string): Promise<RunningEditor> {
  const userData = join(dataFolder, 'desktop');
  const own = [`--user-data-dir=${userData}`, `--extensions-dir=${join(dataFolder, 'desktop-extensions')}`];
  const args = [
    '--new-window',
    '--wait',
    '--disable-workspace-trust',
    ...own,
    `--extensionDevelopmentPath=${repositoryRoot}`,
    folder,
  ];
  // In a group of its own, so that Ctrl+C reaches this process first.
  const child = spawn(program, args, {
    env: cleanEnvironment(),
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const ended = exitOf(child);
  console.log(`\nVS Code with Holdfast, on ${folder}. Ctrl+C ends it.`);
  return { ended, stop: () => endInstance(child, userData) };
}

/** `code` only waits for the editor, which notes its own process id in its data folder. */
async function endInstance(waiting: ChildProcess, userData: string): Promise<void> {
  const lock = join(userData, 'code.lock');
  if (waiting.exitCode === null && existsSync(lock)) signal(Number(readFileSync(lock, 'utf8')), 'SIGTERM');
  await endGroup(waiting);
}

function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve());
  });
}
