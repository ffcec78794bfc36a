import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { systemErrorCode } from '../base/errors.ts';
import { gitEnvironment, toGitError } from './git.ts';
import { gitProgram } from './gitProgram.ts';

/** Of what git says on standard error; characters. */
const maxErrorText = 64 * 1024;

export interface PipeOptions {
  cwd: string;
  /** Milliseconds. */
  timeout: number;
}

/** Who writes to a git that runs, and who reads from it; without them nothing is written, and what it prints is lost. */
export interface GitPipes {
  write?: (stdin: Writable) => Promise<void>;
  read?: (stdout: Readable) => Promise<void>;
}

/**
 * Runs git while `pipes` write to it and read from it, for what is too much to hold or no text. Where one of them fails
 * git is ended, and that is the error.
 *
 * @throws {HoldfastError} `GIT_MISSING`; `NO_FOLDER`; `GIT_FAILED`
 */
export async function pipeGit(args: readonly string[], options: PipeOptions, pipes: GitPipes): Promise<void> {
  const { cwd, timeout } = options;
  const child = spawn(gitProgram(), [...args], { cwd, timeout, windowsHide: true, env: gitEnvironment() });
  const ended = endOf(child, args, cwd);
  const work = Promise.all([writeTo(child, pipes.write), readFrom(child, pipes.read)]);
  const failure = await work.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (failure) child.kill();
  // Git that has ended by itself knows better what went wrong than whoever spoke to it.
  await ended.catch((error: unknown) => {
    throw failure && !isClosedPipe(failure.error) ? failure.error : error;
  });
  if (failure) throw failure.error;
}

function endOf(child: ChildProcessWithoutNullStreams, args: readonly string[], cwd: string): Promise<void> {
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-maxErrorText);
  });
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(toGitError(error, args, cwd, { stdout: '', stderr })));
    child.once('close', (code, signal) => {
      if (code === 0) return resolve();
      const error = Object.assign(new Error(`it ended with ${signal ?? code}`), { code: code ?? -1 });
      reject(toGitError(error, args, cwd, { stdout: '', stderr }));
    });
  });
}

async function writeTo({ stdin }: ChildProcessWithoutNullStreams, write: GitPipes['write']): Promise<void> {
  const broken = new Promise<never>((_, reject) => {
    stdin.on('error', reject);
    stdin.once('close', () => reject(Object.assign(new Error('it reads no more'), { code: 'EPIPE' })));
  });
  broken.catch(() => undefined);
  await Promise.race([write?.(stdin), broken]);
  await Promise.race([new Promise<void>((resolve) => stdin.end(() => resolve())), broken]);
}

async function readFrom({ stdout }: ChildProcessWithoutNullStreams, read: GitPipes['read']): Promise<void> {
  if (read) await read(stdout);
  else stdout.resume();
}

function isClosedPipe(error: unknown): boolean {
  return ['EPIPE', 'ECONNRESET', 'EOF', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE'].includes(
    systemErrorCode(error) ?? '',
  );
}
