import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { systemErrorCode } from '../base/errors.ts';
import type { ProgramCall } from '../core/launchCommand.ts';
import { endTree } from './gitProcess.ts';
import { makeFolders } from './makeFolders.ts';
import { signalEach } from './processEnd.ts';
import { findSessionProcesses } from './sessionProcesses.ts';

/** Between the request to end and the kill; milliseconds. */
const endGrace = 5_000;

/** What is told of the end of a log; characters. */
const maxTail = 200;

export interface LoggedCommandOptions {
  cwd: string;
  env: Record<string, string>;
  /** The file that gets its output, behind what is in it. */
  log: string;
  /** Of the session that it belongs to. */
  sessionId: string;
  /** Milliseconds; 0 for no limit. */
  timeout: number;
  signal?: AbortSignal | undefined;
  endGrace?: number;
}

/** How it ended, by its exit code or its signal’s name; it was not started for a reason of the system’s; or it took too long. */
export type CommandEnd =
  | { kind: 'exited'; code: number | null; signal: string | null }
  | { kind: 'notStarted'; why: string }
  | { kind: 'tooLong' };

/**
 * Runs a program in a process group of its own, without a terminal. When it takes too long, or is aborted, it is ended
 * with all that it started, and has ended once this settles.
 *
 * @throws the signal's reason; the system's error where the log cannot be written
 */
export async function runLogged(call: ProgramCall, options: LoggedCommandOptions): Promise<CommandEnd> {
  options.signal?.throwIfAborted();
  await makeFolders(path.dirname(options.log));
  const log = await open(options.log, 'a', 0o600);
  try {
    const { cwd, env } = options;
    const detached = process.platform !== 'win32';
    const stdio: ['ignore', number, number] = ['ignore', log.fd, log.fd];
    const child = spawn(call.file, call.args, { cwd, env, detached, windowsHide: true, stdio });
    return await watch(child, options);
  } finally {
    await log.close();
  }
}

async function watch(child: ChildProcess, options: LoggedCommandOptions): Promise<CommandEnd> {
  const { timeout, signal } = options;
  const ended = endOf(child);
  const giveUp = new AbortController();
  const deadline = timeout > 0 ? setTimeout(() => giveUp.abort(), timeout) : undefined;
  const stop = () => giveUp.abort();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const given = once(giveUp.signal, 'abort').then((): CommandEnd => ({ kind: 'tooLong' }));
    const end = await Promise.race([ended, given]);
    if (end.kind === 'tooLong') await endAll(child, ended, options);
    signal?.throwIfAborted();
    return end;
  } finally {
    clearTimeout(deadline);
    signal?.removeEventListener('abort', stop);
  }
}

function endOf(child: ChildProcess): Promise<CommandEnd> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ kind: 'notStarted', why: systemErrorCode(error) ?? error.message }));
    child.once('exit', (code, signal) => resolve({ kind: 'exited', code, signal }));
  });
}

/** What has left its process group is told by its POSIX session and the session's mark, where the system shows them. */
async function endAll(
  child: ChildProcess,
  ended: Promise<CommandEnd>,
  { sessionId, endGrace: grace = endGrace }: LoggedCommandOptions,
): Promise<void> {
  await endTree(child, 'SIGTERM');
  const patience = new Promise<void>((resolve) => setTimeout(resolve, grace).unref());
  await Promise.race([ended, patience]);
  await endTree(child, 'SIGKILL');
  const left = ((await findSessionProcesses(sessionId)) ?? []).filter(({ session }) => session === child.pid);
  await signalEach(left, 'SIGKILL');
  await ended;
}

/** What interactive shells say where they have no terminal, and the lines that tell what was run. */
const noise = /^\$ |^exit$|: no job control in this shell$|: cannot set terminal process group /;

/** The last words of a log, in one line; empty where it has none. */
export async function tailOf(log: string): Promise<string> {
  const text = stripVTControlCharacters(await readFile(log, 'utf8').catch(() => ''));
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const last = lines.filter((line) => line !== '' && !noise.test(line)).at(-1) ?? '';
  return last.length > maxTail ? `…${last.slice(-maxTail)}` : last;
}
