import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { withDeadline } from '../base/async.ts';
import { type ErrorCode, HoldfastError } from '../base/errors.ts';
import { sessionEnvironment } from '../core/launchCommand.ts';
import { toStorageError } from './durableFile.ts';

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
}

export interface StartedProgram {
  pid: number;
  /** The first line it wrote to standard output, parsed; undefined where it ended without one. */
  report: unknown;
}

/**
 * Starts one of our own programs so that it outlives this process, with the JavaScript runtime this process
 * runs on, and waits for its first line.
 *
 * @throws {HoldfastError} `errorCode` when it cannot be started or says nothing in time.
 */
export async function startBackground(program: BackgroundProgram): Promise<StartedProgram> {
  const { script, args, flags = [], logFile, deadline, errorCode } = program;
  const log = await openLog(logFile);
  const child = spawn(process.execPath, [...flags, script, ...args], {
    cwd: path.dirname(logFile),
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'pipe', log],
    env: { ...programEnvironment(), ...program.env },
  });
  closeSync(log);
  const failure = (what: string, cause?: unknown) =>
    new HoldfastError(errorCode, `${path.basename(script, '.cjs')} ${what}.`, {
      advice: `Its log is ${logFile}.`,
      data: { log: logFile },
      cause,
    });
  try {
    const report = await withDeadline(firstLine(child), deadline, () =>
      failure(`did not start within ${deadline / 1000} s`),
    );
    return { pid: child.pid as number, report };
  } catch (error) {
    // Left alone it might still come up, with nobody who knows of it.
    child.kill();
    throw error instanceof HoldfastError ? error : failure('could not be started', error);
  } finally {
    child.stdout?.destroy();
    child.unref();
  }
}

async function openLog(file: string): Promise<number> {
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    return openSync(file, 'a', 0o600);
  } catch (error) {
    throw toStorageError(error, file);
  }
}

async function firstLine(child: ChildProcess): Promise<unknown> {
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  const line = (async () => {
    for await (const text of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      return JSON.parse(text) as unknown;
    }
    return undefined;
  })();
  return Promise.race([line, failed]);
}

/**
 * Our own variables stay, the editor's, what a debugger set for its children and the session that this process may run
 * in go, for a program that outlives it is not that session's; Electron is to be plain Node.
 */
function programEnvironment(): Record<string, string> {
  const { TERM, COLORTERM, TERM_PROGRAM, NODE_OPTIONS, HOLDFAST_SESSION_ID, HOLDFAST_SESSION_NAME, ...env } =
    sessionEnvironment(process.env);
  return process.versions.electron ? { ...env, ELECTRON_RUN_AS_NODE: '1' } : env;
}
