import type { SessionCommand } from '../protocol/sessionRecord.ts';

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
  if (typeof command !== 'string' || !command.trim()) return { file: shell, args: [] };
  if (platform !== 'win32') return { file: shell, args: ['-i', '-c', command] };
  return /(^|[\\/])(pwsh|powershell)(\.exe)?$/i.test(shell)
    ? { file: shell, args: ['-NoLogo', '-Command', command] }
    : { file: shell, args: ['/d', '/s', '/c', command] };
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

/** Variables that belong to the editor's or our own processes and would mislead a program in a session. */
const editorVariables = /^(VSCODE_|ELECTRON_|TERM_PROGRAM|APPLICATION_INSIGHTS|ORIGINAL_XDG|CHROME_DESKTOP|npm_)/;
const misleadingVariables = new Set([
  'INIT_CWD',
  'NODE_CHANNEL_FD',
  'TMUX',
  'TMUX_PANE',
  'STY',
  'WINDOWID',
  'COLUMNS',
  'LINES',
]);

/** The environment for what runs in a session: that of `base`, without leftovers of the processes above it. */
export function sessionEnvironment(
  base: Record<string, string | undefined>,
  extra: Record<string, string> = {},
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    if (value === undefined || editorVariables.test(name) || misleadingVariables.has(name)) continue;
    env[name] = value;
  }
  return { ...env, TERM: 'xterm-256color', COLORTERM: 'truecolor', TERM_PROGRAM: 'holdfast', ...extra };
}
