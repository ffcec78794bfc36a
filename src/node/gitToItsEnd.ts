import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type GitOptions, gitEnvironment, toGitError } from './git.ts';
import { gitProgram } from './gitProgram.ts';

/** How much of what git says is read; bytes. */
const maxRead = 64 * 1024;

/**
 * Runs a git that must not be stopped half-way: it has no time limit, and goes on when this process is killed, or when
 * Ctrl+C is pressed in the terminal that this process runs in.
 *
 * @throws {HoldfastError} `GIT_MISSING`; `NO_FOLDER`; `GIT_FAILED` with `data.stderr` and `data.exitCode`.
 */
export async function gitToItsEnd(
  args: readonly string[],
  { cwd, env }: Pick<GitOptions, 'cwd' | 'env'>,
): Promise<void> {
  // Through a pipe that nobody reads any more its progress would kill it.
  const told = await openUnnamed().catch(() => undefined);
  try {
    await run(args, { cwd, env: { ...gitEnvironment(), ...env } }, told);
  } catch (error) {
    const stderr = told ? await readStart(told) : '';
    throw toGitError(error as Error, args, cwd, { stdout: '', stderr });
  } finally {
    await told?.close();
  }
}

/** It is in a process group of its own, which no terminal interrupts. */
async function run(
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
  told: FileHandle | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(gitProgram(), [...args], {
      ...options,
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'ignore', told?.fd ?? 'ignore'],
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(Object.assign(new Error(`it ended with ${signal ?? `code ${code}`}`), { code: code ?? undefined }));
    });
  });
}

/** Gone with whoever holds it; on Windows, which keeps the name until then, with the temp folder. */
async function openUnnamed(): Promise<FileHandle> {
  const file = path.join(tmpdir(), `holdfast-git-${randomUUID()}`);
  const handle = await open(file, 'wx+', 0o600);
  await rm(file, { force: true }).catch(() => undefined);
  return handle;
}

async function readStart(handle: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxRead), 0, maxRead, 0);
  return buffer.toString('utf8', 0, bytesRead);
}
