import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type ProgramCall, resolveCommand } from '../core/launchCommand.ts';
import type { Setup } from '../protocol/hostMessages.ts';
import type { BaseChoice } from './creationSource.ts';

/** What the user has set about worktrees; what is absent has its default. */
export interface WorktreeSettings {
  /** What a new branch starts from, `head` if left out; whether its remote is fetched first; what becomes of submodules. */
  base?: BaseChoice;
  fetch?: boolean;
  submodules?: 'never' | 'init';
  /** Globs as in `.gitignore`, of files that git ignores: they are copied into a new worktree, or linked. */
  include?: readonly string[];
  link?: readonly string[];
  /** Lines for the user's shell, run in a new worktree before the session's command, and before the worktree goes. */
  setup?: readonly string[] | undefined;
  teardown?: readonly string[] | undefined;
  /** For each of these lines; minutes, 0 for no limit. */
  setupTimeout?: number | undefined;
}

export const defaultSetupTimeout = 10;

/** A program and its arguments, with the words by which people know it. */
export interface Step extends ProgramCall {
  what: string;
}

export interface StepOptions {
  worktree: string;
  lines: readonly string[] | undefined;
  shell: string;
  platform?: NodeJS.Platform;
}

/** Where a repository keeps what is to be run without a setting. */
const scriptFolder = '.holdfast';

/** What makes the worktree ready; undefined where there is nothing to be done. */
export async function findSetup(
  worktree: string,
  { setup, setupTimeout = defaultSetupTimeout }: WorktreeSettings,
  shell: string,
): Promise<Setup | undefined> {
  const steps = await findSteps('setup', { worktree, lines: setup, shell });
  return steps.length > 0 ? { steps, timeout: setupTimeout } : undefined;
}

/** The lines that the user has set; without any, the script of that name that the worktree has in `.holdfast`. */
export async function findSteps(name: 'setup' | 'teardown', options: StepOptions): Promise<Step[]> {
  const { worktree, lines = [], shell, platform = process.platform } = options;
  const wanted = lines.filter((line) => line.trim());
  if (wanted.length > 0)
    return wanted.map((line) => ({ what: line.trim(), ...resolveCommand(line, { platform, shell }) }));
  const script =
    platform === 'win32' ? await findWindowsScript(worktree, name) : await findScript(worktree, name, shell);
  return script ? [script] : [];
}

/** Where the file cannot be run, running it says so best. */
async function findScript(worktree: string, name: string, shell: string): Promise<Step | undefined> {
  const what = `${scriptFolder}/${name}`;
  if (!(await isFile(path.join(worktree, what)))) return undefined;
  return { what, ...resolveCommand(`./${what}`, { platform: 'linux', shell }) };
}

async function findWindowsScript(worktree: string, name: string): Promise<Step | undefined> {
  for (const [ending, callOf] of windowsScripts) {
    const what = path.win32.join(scriptFolder, name + ending);
    if (await isFile(path.join(worktree, scriptFolder, name + ending))) return { what, ...callOf(what) };
  }
  return undefined;
}

const windowsScripts: readonly [ending: string, callOf: (file: string) => ProgramCall][] = [
  ['.cmd', (file) => ({ file: 'cmd.exe', args: ['/d', '/c', file] })],
  [
    '.ps1',
    (file) => ({
      file: 'powershell.exe',
      args: ['-NoLogo', '-NoProfile', '-ExecutionPolicy', 'Bypass', '-File', file],
    }),
  ],
];

/** A worktree that is not there has none. */
async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}
