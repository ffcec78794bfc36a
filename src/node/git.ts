import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { HoldfastError, systemErrorCode } from '../base/errors.ts';
import { type GitProgress, readProgress, withoutProgress } from '../core/gitProgress.ts';
import { repositoryVariables } from '../core/misleadingVariables.ts';
import { GitProcessError, runGit } from './gitProcess.ts';
import { gitProgram } from './gitProgram.ts';

/** `rev-parse --path-format` came with 2.31. */
const minVersion = [2, 31] as const;

const defaultTimeout = 30_000;
const maxOutput = 256 * 1024 * 1024;

/** How much of that goes with an error; characters. */
const maxTold = 64 * 1024;

export interface GitOptions {
  cwd: string;
  /** Milliseconds. */
  timeout?: number;
  /** What it reads from its standard input; not together with what follows. */
  input?: string | Uint8Array;
  /** Variables beside those of every git; undefined takes one away. */
  env?: NodeJS.ProcessEnv;
  /** Ends git, with all that it started, and rejects with the signal's reason once it is gone. */
  signal?: AbortSignal | undefined;
  /** How long git may go without a word of progress; milliseconds. */
  patience?: number;
  /** How far it is, where its arguments make it tell. */
  onProgress?: ((progress: GitProgress) => void) | undefined;
}

/**
 * Runs git and returns what it printed.
 *
 * @throws {HoldfastError} `GIT_MISSING`; `NO_FOLDER`; `GIT_FAILED` with `data.stderr`, `data.stdout` and
 *   `data.exitCode`.
 */
export async function git(args: readonly string[], options: GitOptions): Promise<string> {
  const { signal, patience, onProgress } = options;
  if (signal || patience !== undefined || onProgress) return watchedGit(args, options);
  return plainGit(args, options);
}

function plainGit(args: readonly string[], { cwd, timeout = defaultTimeout, input, env }: GitOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd, timeout, maxBuffer: maxOutput, windowsHide: true, env: { ...gitEnvironment(), ...env } };
    const child = execFile(gitProgram(), [...args], options, (error, stdout, stderr) => {
      if (error) reject(toGitError(error, args, cwd, { stdout, stderr }));
      else resolve(stdout);
    });
    if (input !== undefined) writeInput(child.stdin, input);
  });
}

/** A git that has ended already reads nothing; why it ended is what counts. */
function writeInput(stdin: Writable | null, input: string | Uint8Array): void {
  stdin?.on('error', () => undefined);
  stdin?.end(input);
}

/** One that can be ended before its time, and tells how far it is. */
async function watchedGit(args: readonly string[], options: GitOptions): Promise<string> {
  const { cwd, timeout = defaultTimeout, signal, patience, onProgress } = options;
  const onLine = (line: string) => {
    const progress = readProgress(line);
    if (progress) onProgress?.(progress);
  };
  // Git would wait two seconds before it tells anything.
  const env = { ...gitEnvironment(), GIT_PROGRESS_DELAY: '0', ...options.env };
  try {
    return await runGit(args, { cwd, env, timeout, patience, signal, onLine, maxOutput });
  } catch (error) {
    if (!(error instanceof GitProcessError)) throw error;
    throw toGitError(error, args, cwd, { stdout: error.stdout, stderr: withoutProgress(error.stderr) });
  }
}

/** How git has ended, and what it printed. */
export interface GitResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs git of which each end is an answer.
 *
 * @throws {HoldfastError} `GIT_MISSING`; `NO_FOLDER`; `GIT_FAILED` where it was ended from outside
 */
export async function gitResult(args: readonly string[], options: GitOptions): Promise<GitResult> {
  try {
    return { exitCode: 0, stdout: await git(args, options), stderr: '' };
  } catch (error) {
    const { exitCode, stdout = '', stderr = '' } = error instanceof HoldfastError ? error.data : {};
    if (typeof exitCode !== 'number' || exitCode < 0) throw error;
    return { exitCode, stdout: String(stdout), stderr: String(stderr) };
  }
}

/** The same as {@link git} where what is printed need not be text. */
export async function gitBytes(
  args: readonly string[],
  { cwd, timeout = defaultTimeout }: Pick<GitOptions, 'cwd' | 'timeout'>,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const options = { cwd, timeout, maxBuffer: maxOutput, windowsHide: true, env: gitEnvironment() };
    execFile(gitProgram(), [...args], { ...options, encoding: 'buffer' }, (error, stdout, stderr) => {
      if (error) reject(toGitError(error, args, cwd, { stdout: '', stderr: stderr.toString('utf8') }));
      else resolve(stdout);
    });
  });
}

/** What git printed, or undefined where it ended badly; for questions to which “no” is an answer. */
export async function tryGit(args: readonly string[], options: GitOptions): Promise<string | undefined> {
  try {
    return await git(args, options);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'GIT_FAILED') return undefined;
    throw error;
  }
}

/** @throws {HoldfastError} `GIT_MISSING`, `GIT_TOO_OLD` */
export async function checkGitVersion(cwd: string): Promise<void> {
  const text = await git(['--version'], { cwd });
  if (isSupportedVersion(text)) return;
  throw new HoldfastError(
    'GIT_TOO_OLD',
    `Holdfast needs git ${minVersion.join('.')} or newer; here is ${text.trim()}.`,
    {
      advice: 'Update git and try again.',
    },
  );
}

/** @param least the oldest version that will do: major and minor */
export function isSupportedVersion(text: string, least: readonly [number, number] = minVersion): boolean {
  const [, major = 0, minor = 0] = (text.match(/(\d+)\.(\d+)/) ?? []).map(Number);
  return major > least[0] || (major === least[0] && minor >= least[1]);
}

/** What git said on standard error; empty for any other error. */
export function gitMessage(error: unknown): string {
  return error instanceof HoldfastError ? String(error.data.stderr ?? '') : '';
}

/** What git is started with: in one language, asking nobody, and in no other repository than that of its folder. */
export function gitEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' };
  for (const name of repositoryVariables) delete env[name];
  return env;
}

/** What a git that could not be started or ended badly means to the user. */
export function toGitError(
  error: Error & { code?: unknown },
  args: readonly string[],
  cwd: string,
  { stdout, stderr }: { stdout: string; stderr: string },
): Error {
  if (systemErrorCode(error) === 'ENOENT') return notStarted(error, cwd);
  const trust = stderr.match(/git config --global --add safe\.directory .*/)?.[0];
  return new HoldfastError('GIT_FAILED', `git ${commandIn(args)} failed: ${reasonIn(stderr) || error.message}`, {
    ...(trust ? { advice: `If you trust what is in it, run “${trust}”.` } : {}),
    data: { cwd, stderr, stdout: stdout.slice(0, maxTold), exitCode: typeof error.code === 'number' ? error.code : -1 },
    cause: error,
  });
}

/** What git is asked to do, behind settings that are given with it. */
function commandIn(args: readonly string[]): string | undefined {
  return args.find((arg, index) => !arg.startsWith('-') && args[index - 1] !== '-c');
}

/** The system says the same of a program and of a folder to start it in that are not there. */
function notStarted(error: Error, cwd: string): HoldfastError {
  if (!existsSync(cwd)) {
    return new HoldfastError('NO_FOLDER', `The folder ${cwd} does not exist.`, { data: { folder: cwd }, cause: error });
  }
  return new HoldfastError('GIT_MISSING', 'git was not found.', {
    advice: 'Install git, or start the editor from a shell that has it on its PATH.',
    cause: error,
  });
}

/** Git’s own words for what went wrong, without the hints around them. */
function reasonIn(stderr: string): string | undefined {
  const lines = stderr.trim().split('\n');
  const named = lines.filter((line) => /^(fatal|error): /.test(line)).at(-1);
  return (named ?? lines.at(-1))?.replace(/^(fatal|error): /, '');
}
