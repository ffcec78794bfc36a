import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a program of the system and resolves with what it printed. */
export type Execute = (
  file: string,
  args: string[],
  options?: { cwd?: string; env?: NodeJS.ProcessEnv; timeout?: number; windowsHide?: boolean; maxBuffer?: number },
) => Promise<{ stdout: string }>;

export const execute: Execute = promisify(execFile);

/** A line for each of very many processes; bytes. */
const maxBuffer = 16 * 1024 * 1024;

/** How long a program of the system may take to answer; milliseconds. */
const deadline = 10_000;

/** `ps` writes times in the caller's zone and language, which must not make one process look like two. */
const plainEnvironment = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };

/** What the `ps` of macOS prints. @throws where it fails or takes longer than 10 s. */
export async function ps(execute: Execute, args: string[]): Promise<string> {
  return (await execute('/bin/ps', args, { env: plainEnvironment, timeout: deadline, maxBuffer })).stdout;
}

export const systemFolder = `${process.env.SystemRoot ?? 'C:\\Windows'}\\System32`;

export const windowsOptions = { timeout: deadline, windowsHide: true, maxBuffer };

/** @throws where PowerShell fails or says nothing, which proves nothing about any process. */
export async function powershell(execute: Execute, script: string): Promise<string> {
  const file = `${systemFolder}\\WindowsPowerShell\\v1.0\\powershell.exe`;
  const args = ['-NoProfile', '-NonInteractive', '-Command', `$ErrorActionPreference = 'Stop'; ${script}`];
  const { stdout } = await execute(file, args, windowsOptions);
  if (!stdout.trim()) throw new Error('PowerShell did not answer');
  return stdout.trim();
}
