import type { SessionCommand } from '../protocol/sessionRecord.ts';
import { isMisleading } from './misleadingVariables.ts';

/** A program and its arguments. */
export interface ProgramCall {
  file: string;
  args: string[];
}

export interface ShellContext {
  platform: NodeJS.Platform;
  /** The user's shell, absolute or a name on the PATH. */
  shell: string;
}

/**
 * What to start for a session's command. A line is given to the user's interactive shell, so that their
 * aliases and PATH apply as they do when they type it.
 */
export function resolveCommand(command: SessionCommand, { platform, shell }: ShellContext): ProgramCall {
  if (Array.isArray(command)) {
    const [file, ...args] = command;
    if (file) return { file, args };
  }
  const line = typeof command === 'string' && command.trim() ? command : undefined;
  if (platform === 'win32') return { file: shell, args: windowsShellArguments(shell, line) };
  return { file: shell, args: line === undefined ? [] : ['-i', '-c', line] };
}

/** The `sh` inside WSL knows the user's shell there; arguments behind `--exec` arrive as they are. */
const wslArguments = ['--exec', 'sh', '-c', 'exec "$SHELL" -l -i -c "$1"', 'sh'];

function windowsShellArguments(shell: string, line: string | undefined): string[] {
  const name = shellName(shell);
  // Without its login files a Git Bash lacks its own programs.
  if (isPosixShell(name)) return line === undefined ? ['-l', '-i'] : ['-l', '-i', '-c', line];
  if (line === undefined) return [];
  if (name === 'cmd') return ['/d', '/s', '/c', line];
  if (name === 'wsl') return [...wslArguments, line];
  return /^(pwsh|powershell)/.test(name) ? ['-NoLogo', '-Command', line] : ['-c', line];
}

/** The name of a Windows program in lower case, without folder and `.exe`. */
export function shellName(file: string): string {
  const name = file.slice(Math.max(file.lastIndexOf('\\'), file.lastIndexOf('/')) + 1).toLowerCase();
  return name.endsWith('.exe') ? name.slice(0, -'.exe'.length) : name;
}

export function isPosixShell(name: string): boolean {
  return /^((ba|da|k|mk|z|a)?sh|fish)$/.test(name);
}

/** The first word of a command line where it plainly is a program's name; undefined for anything cleverer. */
export function programOf(command: SessionCommand): string | undefined {
  if (Array.isArray(command)) return command[0];
  return command?.trim().match(/^[\p{L}\p{N}_./+~:\\-]+(?=\s|$)/u)?.[0];
}

/** The command as one line for people. */
export function describeCommand(command: SessionCommand): string {
  if (command === null) return 'shell';
  return Array.isArray(command) ? command.join(' ') : command;
}

/** The user's shell by the platform's own convention. */
export function defaultShell(platform: NodeJS.Platform, env: Record<string, string | undefined>): string {
  if (platform === 'win32') return env.COMSPEC || 'cmd.exe';
  return env.SHELL || (platform === 'darwin' ? '/bin/zsh' : '/bin/sh');
}

/** The environment for what runs in a session: that of `base`, without leftovers of the processes above it. */
export function sessionEnvironment(
  base: Readonly<Record<string, string | undefined>>,
  extra: Record<string, string> = {},
  platform: NodeJS.Platform = process.platform,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    if (value !== undefined && !isMisleading(name, base)) env[name] = value;
  }
  const own = {
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
    TERM_PROGRAM: 'holdfast',
    ...platformVariables(env, platform),
  };
  return withVariables(withVariables(env, own, platform), extra, platform);
}

function platformVariables(env: Record<string, string>, platform: NodeJS.Platform): Record<string, string> {
  // Login shells of Cygwin and MSYS2 start in the user's home otherwise.
  if (platform === 'win32') return { CHERE_INVOKING: '1' };
  if (env.LC_ALL || env.LC_CTYPE || env.LANG) return {};
  // What the Dock or a service starts has no locale, and programs then take all text for ASCII.
  return { LANG: platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8' };
}

/** On Windows the case of a name does not matter, and a variable must not be there twice. */
export function withVariables(
  env: Record<string, string>,
  added: Record<string, string>,
  platform: NodeJS.Platform = process.platform,
): Record<string, string> {
  if (platform !== 'win32') return { ...env, ...added };
  const names = new Set(Object.keys(added).map((name) => name.toUpperCase()));
  const kept = Object.entries(env).filter(([name]) => !names.has(name.toUpperCase()));
  return { ...Object.fromEntries(kept), ...added };
}
