import { execFile } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';

/** How long the user's shell may take to look up a word; its start-up files may be slow. */
const shellDeadline = 10_000;

export interface LookupContext {
  cwd: string;
  env: Record<string, string>;
  shell: string;
}

/** Whether the user's shell would know what to run for `word`: a file, a built-in, an alias or a function. */
export async function isKnownCommand(word: string, context: LookupContext): Promise<boolean> {
  if (await findExecutable(word, context)) return true;
  if (process.platform === 'win32' || word.includes('/')) return false;
  return shellKnows(word, context);
}

/** The file that a program's name stands for, as the system itself would find it. */
export async function findExecutable(
  name: string,
  { cwd, env }: Pick<LookupContext, 'cwd' | 'env'>,
): Promise<string | undefined> {
  const isPath = name.includes('/') || (process.platform === 'win32' && name.includes('\\'));
  const folders = isPath ? [cwd] : (env.PATH ?? env.Path ?? '').split(path.delimiter).filter(Boolean);
  const endings = process.platform === 'win32' ? ['', ...(env.PATHEXT ?? '.EXE;.CMD;.BAT;.COM').split(';')] : [''];
  for (const folder of folders) {
    for (const ending of endings) {
      const file = path.resolve(cwd, folder, name + ending);
      if (await isExecutable(file)) return file;
    }
  }
  return undefined;
}

/** The word is an argument, never part of the script, so that it cannot do anything but be looked up. */
function shellKnows(word: string, { shell, cwd, env }: LookupContext): Promise<boolean> {
  const isFish = path.basename(shell) === 'fish';
  const args = isFish
    ? ['-i', '-c', 'type -q -- $argv[1]', word]
    : ['-i', '-c', 'command -v -- "$1" >/dev/null', path.basename(shell), word];
  return new Promise((resolve) => {
    const child = execFile(shell, args, { cwd, env, timeout: shellDeadline, windowsHide: true }, (error) => {
      // A shell that hangs or cannot start has not said that the command is unknown.
      resolve(!error || typeof error.code !== 'number');
    });
    child.stdin?.end();
  });
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    if (!(await stat(file)).isFile()) return false;
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
