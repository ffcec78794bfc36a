import { execFile } from 'node:child_process';
import { HoldfastError, systemErrorCode } from '../base/errors.ts';

/** `rev-parse --path-format` came with 2.31. */
const minVersion = [2, 31] as const;

const defaultTimeout = 30_000;
const maxOutput = 64 * 1024 * 1024;

/** Set by a git that runs us (a hook, a rebase); they would point our git at the wrong repository. */
const repositoryVariables = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_COMMON_DIR',
  'GIT_PREFIX',
  'GIT_NAMESPACE',
];

export interface GitOptions {
  cwd: string;
  /** Milliseconds. */
  timeout?: number;
}

/** A git command that ended badly. */
export interface GitFailure {
  exitCode: number;
  stderr: string;
}

/**
 * Runs git and returns what it printed.
 *
 * @throws {HoldfastError} `GIT_MISSING`; `GIT_FAILED` with `data.stderr` and `data.exitCode`.
 */
export async function git(args: readonly string[], { cwd, timeout = defaultTimeout }: GitOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd, timeout, maxBuffer: maxOutput, windowsHide: true, env: gitEnvironment() };
    execFile('git', [...args], options, (error, stdout, stderr) => {
      if (error) reject(toGitError(error, args, cwd, stderr));
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

export function isSupportedVersion(text: string): boolean {
  const [, major = 0, minor = 0] = (text.match(/(\d+)\.(\d+)/) ?? []).map(Number);
  return major > minVersion[0] || (major === minVersion[0] && minor >= minVersion[1]);
}

function gitEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' };
  for (const name of repositoryVariables) delete env[name];
  return env;
}

function toGitError(error: Error & { code?: unknown }, args: readonly string[], cwd: string, stderr: string): Error {
  if (systemErrorCode(error) === 'ENOENT') {
    return new HoldfastError('GIT_MISSING', 'git was not found.', {
      advice: 'Install git, or start the editor from a shell that has it on its PATH.',
      cause: error,
    });
  }
  const reason =
    stderr
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^(fatal|error): /, '') || error.message;
  return new HoldfastError('GIT_FAILED', `git ${args[0]} failed: ${reason}`, {
    data: { cwd, stderr, exitCode: typeof error.code === 'number' ? error.code : -1 },
    cause: error,
  });
}
