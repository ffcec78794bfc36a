import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { withDeadline } from '../base/async.ts';
import { type ErrorCode, HoldfastError } from '../base/errors.ts';
import { sessionEnvironment } from '../core/launchCommand.ts';
import { toStorageError } from './durableFile.ts';
import { createFileLog } from './log.ts';
import { makeFolders } from './makeFolders.ts';
import { allowsScopes, type UserScopes, userScopes } from './userScope.ts';

export interface BackgroundProgram {
  /** The bundle to run. */
  script: string;
  args: string[];
  /** Flags for V8 and Node. */
  flags?: readonly string[];
  /** Receives what the program writes to standard error, such as a crash. */
  logFile: string;
  /** How long it may take to say its first line; milliseconds. */
  deadline: number;
  env?: Record<string, string>;
  errorCode: ErrorCode;
  scopes?: UserScopes;
}

export interface StartedProgram {
  pid: number;
  /** The first line it wrote to standard output, parsed; undefined where it ended without one. */
  report: unknown;
}

/**
 * Starts one of our own programs so that it outlives this process and, where the system can do that, the user's login,
 * with the JavaScript runtime this process runs on, and waits for its first line.
 *
 * @throws {HoldfastError} `errorCode` when it cannot be started or says nothing in time.
 */
export async function startBackground(program: BackgroundProgram): Promise<StartedProgram> {
  const { script, args, flags = [] } = program;
  const commandLine = [process.execPath, ...flags, script, ...args];
  const prefix = await scopePrefix(program, commandLine);
  if (!prefix) return (await start(program, commandLine)).program;
  const { scopes = userScopes } = program;
  const { program: started, exitCode } = await start(program, [...prefix, ...commandLine], (pid) => {
    // A program of ours that is slow says nothing of scopes.
    if (!isExecuted(pid)) scopes.giveUp('systemd-run did not execute a program');
  });
  // Our programs say why they end; where there is no scope to be had, systemd-run ends with 1 before there is one.
  if (started.report !== undefined || exitCode !== 1) return started;
  scopes.giveUp('systemd-run ended with 1');
  await tellObstacle(program, scopes);
  return (await start(program, commandLine)).program;
}

async function scopePrefix(program: BackgroundProgram, commandLine: string[]): Promise<string[] | undefined> {
  const { script, env = {}, scopes = userScopes } = program;
  if (!allowsScopes(env)) return undefined;
  const prefix = await scopes.prefix(commandLine, nameOf(script));
  if (!prefix) await tellObstacle(program, scopes);
  return prefix;
}

/** Once for the life of this process, in the log of what it starts then. */
async function tellObstacle({ script, logFile }: BackgroundProgram, scopes: UserScopes): Promise<void> {
  const obstacle = await scopes.takeObstacle();
  if (obstacle === undefined) return;
  createFileLog(logFile, `${nameOf(script)} starter`).info('A logout may end what is started from here', { obstacle });
}

async function start(
  program: BackgroundProgram,
  [file = '', ...args]: string[],
  onSilence: (pid: number | undefined) => void = () => {},
): Promise<{ program: StartedProgram; exitCode: number | null }> {
  const { script, logFile, deadline, errorCode } = program;
  const log = await openLog(logFile);
  const child = spawn(file, args, {
    cwd: path.dirname(logFile),
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'pipe', log],
    env: { ...programEnvironment(), ...program.env },
  });
  closeSync(log);
  const failure = (what: string, cause?: unknown) =>
    new HoldfastError(errorCode, `${nameOf(script)} ${what}.`, {
      advice: `Its log is ${logFile}.`,
      data: { log: logFile },
      cause,
    });
  try {
    const report = await withDeadline(firstReport(child), deadline, () =>
      failure(`did not start within ${deadline / 1000} s`),
    );
    return { program: { pid: child.pid as number, report }, exitCode: child.exitCode };
  } catch (error) {
    onSilence(child.pid);
    // Left alone it might still come up, with nobody who knows of it. One that was never started has the pid 0 for Node
    // where descriptors ran out, and a signal to that reaches all of our own process group.
    if (child.pid !== undefined) child.kill();
    throw error instanceof HoldfastError ? error : failure('could not be started', error);
  } finally {
    child.stdout?.destroy();
    child.unref();
  }
}

/** Whether systemd-run, which alone starts programs by way of another one and is of Linux, has made way for it. */
function isExecuted(pid: number | undefined): boolean {
  try {
    return pid !== undefined && readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(`${process.execPath}\0`);
  } catch {
    return false;
  }
}

function nameOf(script: string): string {
  return path.basename(script, '.cjs');
}

async function openLog(file: string): Promise<number> {
  try {
    await makeFolders(path.dirname(file));
    return openSync(file, 'a', 0o600);
  } catch (error) {
    throw toStorageError(error, file);
  }
}

/** Undefined once the program has ended without a line. */
async function firstReport(child: ChildProcess): Promise<unknown> {
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  const exited = new Promise<undefined>((resolve) => child.once('exit', () => resolve(undefined)));
  // Where descriptors ran out there is no pipe, and only the error event says so.
  const line = child.stdout ? firstLine(child.stdout) : exited;
  return (await Promise.race([line, failed])) ?? exited;
}

async function firstLine(input: NodeJS.ReadableStream): Promise<unknown> {
  for await (const text of createInterface({ input })) {
    return JSON.parse(text) as unknown;
  }
  return undefined;
}

/**
 * Our own variables stay, the editor's, what a debugger set for its children and the session that this process may run
 * in go, for a program that outlives it is not that session's; Electron is to be plain Node.
 */
function programEnvironment(): Record<string, string> {
  const { TERM, COLORTERM, TERM_PROGRAM, NODE_OPTIONS, ...env } = sessionEnvironment(process.env);
  return process.versions.electron ? { ...env, ELECTRON_RUN_AS_NODE: '1' } : env;
}
