import { spawn } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';

/** How long the user's shell may take to look up a word; its start-up files may be slow. Milliseconds. */
const shellDeadline = 10_000;

/** How long its start-up files get to put away what they hold, such as a lock; milliseconds. */
const hangupGrace = 2_000;

export interface LookupContext {
  cwd: string;
  env: Record<string, string>;
  shell: string;
  /** For the shell's answer; milliseconds. */
  deadline?: number;
}

/** Whether the user's shell would know what to run for `word`: a file, a built-in, an alias or a function. */
export async function isKnownCommand(word: string, context: LookupContext): Promise<boolean> {
  const name = expandHome(word, context.env);
  // Only the shell knows other users' homes.
  if (name.startsWith('~')) return true;
  if (await findExecutable(name, context)) return true;
  if (process.platform === 'win32' || name.includes('/')) return false;
  return shellKnows(name, context);
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

function expandHome(word: string, env: Record<string, string>): string {
  return env.HOME && /^~(\/|$)/.test(word) ? env.HOME + word.slice(1) : word;
}

/** A shell that hangs, cannot start or speaks another language has not said that the command is unknown. */
async function shellKnows(word: string, context: LookupContext): Promise<boolean> {
  const args = lookupArguments(context.shell, word);
  if (!args) return true;
  const code = await runUnattended(context.shell, args, context);
  return code === undefined || code === 0;
}

/** The word is an argument, never part of the script, so that it cannot do anything but be looked up. */
function lookupArguments(shell: string, word: string): string[] | undefined {
  const name = path.basename(shell);
  if (name === 'fish') return ['-i', '-c', 'type -q -- $argv[1]', word];
  if (!/^(ba|da|k|mk|z|a)?sh$/.test(name)) return undefined;
  return ['-i', '-c', 'command -v -- "$1" >/dev/null', name, word];
}

/**
 * The exit code, or undefined where there is none in time. Without a terminal of its own, and away from ours, an
 * interactive shell neither waits for one nor takes ours. It ignores SIGTERM.
 */
function runUnattended(file: string, args: string[], context: LookupContext): Promise<number | undefined> {
  const { cwd, env, deadline = shellDeadline } = context;
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd, env, stdio: 'ignore', detached: true });
    const timers = [
      setTimeout(() => signalGroup(child.pid, 'SIGHUP'), deadline),
      setTimeout(() => signalGroup(child.pid, 'SIGKILL'), deadline + hangupGrace),
    ];
    const settle = (code: number | null) => {
      for (const timer of timers) clearTimeout(timer);
      resolve(code ?? undefined);
    };
    child.once('error', () => settle(null));
    child.once('exit', settle);
  });
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has just ended.
  }
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
