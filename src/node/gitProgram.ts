import { statSync } from 'node:fs';
import path from 'node:path';
import { systemFolder } from './systemPrograms.ts';

/** Names git to the helper, which is started by whoever knows where it is. */
export const gitVariable = 'HOLDFAST_GIT';

let chosen: string | undefined;

interface SearchOptions {
  platform?: NodeJS.Platform;
  isFile?: (file: string) => boolean;
}

/** The git that is run: the one that was chosen, that of the environment, or the first on the path. */
export function gitProgram(env: NodeJS.ProcessEnv = process.env, options: SearchOptions = {}): string {
  const { platform = process.platform } = options;
  return chosen ?? (env[gitVariable] || (platform === 'win32' ? onWindowsPath(env, options) : 'git'));
}

/**
 * Windows would look into the folder first in which it is run, and take a `git.exe` that a repository brings along. Where
 * there is none on the path it names a file that is not there.
 */
function onWindowsPath(env: NodeJS.ProcessEnv, { isFile = isFileAt }: SearchOptions): string {
  const variable = Object.entries(env).find(([name]) => name.toUpperCase() === 'PATH')?.[1] ?? '';
  const folders = variable.split(';').map((folder) => folder.replaceAll('"', ''));
  const files = folders.filter(isFullPath).map((folder) => path.win32.join(folder, 'git.exe'));
  return files.find(isFile) ?? path.win32.join(systemFolder, 'git.exe');
}

/** Neither `\tools` nor `C:tools` is one: the first is on the current drive, the second in its current folder. */
function isFullPath(folder: string): boolean {
  return /^([a-z]:[\\/]|\\\\)/i.test(folder);
}

function isFileAt(file: string): boolean {
  try {
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** From now on this process runs the git at that path; undefined goes back to that of the environment. */
export function chooseGit(program: string | undefined): void {
  chosen = program;
}

/** What a process that is started needs to run the same git. */
export function gitEnvironmentOf(): Record<string, string> {
  return chosen === undefined ? {} : { [gitVariable]: chosen };
}
