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
  /** The default is this machine's. */
  platform?: NodeJS.Platform;
  /** For the shell's answer; milliseconds. */
  deadline?: number;
}

/**
 * Whether the user's shell would know what to run for `word`: a file, a built-in, an alias or a function. On
 * Windows, whose shells have no common way to ask, it is believed to.
 */
export async function isKnownCommand(word: string, context: LookupContext): Promise<boolean> {
  const { platform = process.platform } = context;
  const name = expandHome(word, context.env);
  // Only the shell knows other users' homes, and what a backslash quotes.
  if (platform === 'win32' || name.startsWith('~') || name.includes('\\')) return true;
  if (await findExecutable(name, context)) return true;
  return !name.includes('/') && (await shellKnows(name, context));
}

/** The file that a program's name stands for, as the system itself would find it. */
export async function findExecutable(
  name: string,
  { cwd, env, platform = process.platform }: Pick<LookupContext, 'cwd' | 'env' | 'platform'>,
): Promise<string | undefined> {
  const { isPath, folders, endings } = platform === 'win32' ? windowsSearch(name, env) : posixSearch(name, env);
  for (const folder of isPath ? [cwd] : folders) {
    for (const ending of endings) {
      const file = path.resolve(cwd, folder, name + ending);
      if (await isExecutable(file)) return file;
    }
  }
  return undefined;
}

interface Search {
  /** Whether the name is a path, which is looked up nowhere else. */
  isPath: boolean;
  folders: string[];
  endings: string[];
}

function posixSearch(name: string, { PATH = '' }: Record<string, string>): Search {
  return { isPath: name.includes('/'), folders: PATH.split(':').filter(Boolean), endings: [''] };
}

/** A name without one of the known endings is no program there: npm puts a shell script beside `tool.cmd`. */
function windowsSearch(name: string, env: Record<string, string>): Search {
  const known = (windowsVariable(env, 'PATHEXT') || '.COM;.EXE;.BAT;.CMD').split(';').filter(Boolean);
  const hasEnding = known.some((ending) => name.toLowerCase().endsWith(ending.toLowerCase()));
  return {
    isPath: /[\\/:]/.test(name),
    folders: (windowsVariable(env, 'PATH') ?? '').split(';').filter(Boolean),
    endings: hasEnding ? ['', ...known] : known,
  };
}

/** A variable by its name in upper case; in the environment it may have any. */
export function windowsVariable(env: Record<string, string>, name: string): string | undefined {
  return Object.entries(env).find(([key]) => key.toUpperCase() === name)?.[1];
}

function expandHome(word: string, env: Record<string, string>): string {
  return env.HOME && /^~(\/|$)/.test(word) ? env.HOME + word.slice(1) : word;
}

/** The exit code by which the shell says that it does not know a word; one of no shell's own. */
const unknownCode = 113;

/** A shell that hangs, cannot start, fails or speaks another language has not said that the command is unknown. */
async function shellKnows(word: string, context: LookupContext): Promise<boolean> {
  const args = lookupArguments(context.shell, word);
  return !args || (await runUnattended(context.shell, args, context)) !== unknownCode;
}

/** The word is an argument, never part of the script, so that it cannot do anything but be looked up. */
function lookupArguments(shell: string, word: string): string[] | undefined {
  const name = path.basename(shell);
  if (name === 'fish') return ['-i', '-c', `type -q -- $argv[1]; or exit ${unknownCode}`, word];
  if (!/^(ba|da|k|mk|z|a)?sh$/.test(name)) return undefined;
  return ['-i', '-c', `command -v -- "$1" >/dev/null || exit ${unknownCode}`, name, word];
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
