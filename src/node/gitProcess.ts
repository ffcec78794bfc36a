import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { delay } from '../base/async.ts';
import { systemErrorCode } from '../base/errors.ts';
import { gitProgram } from './gitProgram.ts';
import { isGroupAlive } from './processIdentity.ts';
import { type Execute, execute, systemFolder, windowsOptions } from './systemPrograms.ts';

/** Removing the files of a large checkout takes its time; milliseconds. */
const defaultGrace = 10_000;

/** What is kept of what git says on standard error; characters. */
const maxErrors = 64 * 1024;

export interface GitProcessOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Milliseconds in all. */
  timeout: number;
  /** How long it may go without a word on standard error; milliseconds. */
  patience?: number | undefined;
  /** How long it may take to clean up after it was told to end; milliseconds. */
  grace?: number;
  signal?: AbortSignal | undefined;
  /** Each line of standard error, those that a later one overwrites on a terminal included. */
  onLine?: ((line: string) => void) | undefined;
  /** Bytes of standard output. */
  maxOutput: number;
}

/** A git that did not end well, with what it said. */
export class GitProcessError extends Error {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code; a text is the system's reason why it was not started. */
  readonly code: number | string | undefined;

  constructor(
    message: string,
    { stdout = '', stderr = '', code }: { stdout?: string; stderr?: string; code?: number | string | undefined } = {},
  ) {
    super(message);
    this.stdout = stdout;
    this.stderr = stderr;
    this.code = code;
  }
}

/**
 * Runs git in a process group of its own, without a terminal on which it or its ssh could ask, and returns what it
 * printed. When it is aborted or takes too long, it is ended with all that it started, and has ended once this rejects.
 *
 * @throws {GitProcessError}, or the signal's reason.
 */
export async function runGit(args: readonly string[], options: GitProcessOptions): Promise<string> {
  options.signal?.throwIfAborted();
  return new Promise((resolve, reject) => new GitRun(args, options, { resolve, reject }).begin());
}

interface Settle {
  resolve: (stdout: string) => void;
  reject: (error: unknown) => void;
}

class GitRun {
  readonly #child: ChildProcess;
  readonly #options: GitProcessOptions;
  readonly #settle: Settle;
  readonly #stdout: Buffer[] = [];
  #size = 0;
  #stderr = '';
  #unfinishedLine = '';
  /** Why it was ended. */
  #reason: { error: unknown } | undefined;
  #isEnding = false;
  readonly #deadline: NodeJS.Timeout;
  #silence: NodeJS.Timeout | undefined;
  #kill: NodeJS.Timeout | undefined;

  constructor(args: readonly string[], options: GitProcessOptions, settle: Settle) {
    const { cwd, env, timeout } = options;
    const detached = process.platform !== 'win32';
    this.#options = options;
    this.#settle = settle;
    this.#child = spawn(gitProgram(), [...args], {
      cwd,
      env,
      detached,
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#deadline = setTimeout(() => this.#end(tooLong(timeout)), timeout);
  }

  begin(): void {
    const child = this.#child;
    child.stdout?.on('data', (bytes: Buffer) => this.#takeOutput(bytes));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#takeErrors(text));
    child.once('error', (error) => this.#reject(new GitProcessError(error.message, { code: systemErrorCode(error) })));
    child.once('exit', () => {
      if (this.#reason) void this.#ended();
    });
    child.once('close', (code, signal) => this.#closed(code, signal));
    this.#options.signal?.addEventListener('abort', this.#abort, { once: true });
    this.#listen();
  }

  readonly #abort = () => this.#end(this.#options.signal?.reason);

  /** Waits for the next word anew. */
  #listen(): void {
    const { patience } = this.#options;
    clearTimeout(this.#silence);
    if (patience !== undefined && !this.#reason)
      this.#silence = setTimeout(() => this.#end(silentFor(patience)), patience);
  }

  #takeOutput(bytes: Buffer): void {
    this.#size += bytes.length;
    if (this.#size > this.#options.maxOutput) this.#end(new GitProcessError('it printed too much'));
    else this.#stdout.push(bytes);
  }

  #takeErrors(text: string): void {
    this.#listen();
    this.#stderr = (this.#stderr + text).slice(-maxErrors);
    const lines = (this.#unfinishedLine + text).split(/\r\n|[\r\n]/);
    this.#unfinishedLine = (lines.pop() ?? '').slice(-maxErrors);
    for (const line of lines) this.#options.onLine?.(line);
  }

  /** Git takes back what it has half made when it is asked to end. */
  #end(error: unknown): void {
    if (this.#reason) return;
    this.#reason = { error };
    void endTree(this.#child, 'SIGTERM');
    const { grace = defaultGrace } = this.#options;
    this.#kill = setTimeout(() => void endTree(this.#child, 'SIGKILL'), grace);
  }

  /** What it started and did not take along, such as a hook that does not listen, ends now. */
  async #ended(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    await endTree(this.#child, 'SIGKILL');
    await waitForGroup(this.#child);
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    this.#reject(this.#withErrors(this.#reason?.error));
  }

  #closed(code: number | null, signal: NodeJS.Signals | null): void {
    const message = signal ? `it was ended by ${signal}` : `it ended with code ${code}`;
    if (this.#reason) void this.#ended();
    else if (code === 0) this.#finish(() => this.#settle.resolve(this.#printed().stdout));
    else this.#reject(new GitProcessError(message, { ...this.#printed(), code: code ?? undefined }));
  }

  #printed(): { stdout: string; stderr: string } {
    return { stdout: Buffer.concat(this.#stdout).toString('utf8'), stderr: this.#stderr };
  }

  #withErrors(error: unknown): unknown {
    return error instanceof GitProcessError ? new GitProcessError(error.message, { stderr: this.#stderr }) : error;
  }

  #reject(error: unknown): void {
    this.#finish(() => this.#settle.reject(error));
  }

  /** Settling again does nothing. */
  #finish(settle: () => void): void {
    for (const timer of [this.#deadline, this.#silence, this.#kill]) clearTimeout(timer);
    this.#options.signal?.removeEventListener('abort', this.#abort);
    settle();
  }
}

interface EndOptions {
  platform?: NodeJS.Platform;
  run?: Execute;
  kill?: (pid: number, signal: NodeJS.Signals) => unknown;
}

/** Ends the process with all that it started, as far as that is still in its group. */
export async function endTree(
  { pid }: Pick<ChildProcess, 'pid'>,
  signal: NodeJS.Signals,
  { platform = process.platform, run = execute, kill = process.kill.bind(process) }: EndOptions = {},
): Promise<void> {
  if (pid === undefined) return;
  if (platform === 'win32') {
    // Windows has no request to end; a process that has ended already is an error there.
    const taskkill = path.win32.join(systemFolder, 'taskkill.exe');
    await run(taskkill, ['/T', '/F', '/PID', String(pid)], windowsOptions).catch(() => undefined);
    return;
  }
  try {
    kill(-pid, signal);
  } catch (error) {
    if (!['ESRCH', 'EPERM'].includes(systemErrorCode(error) ?? '')) throw error;
  }
}

/** What was killed takes a moment to be gone. */
async function waitForGroup({ pid }: Pick<ChildProcess, 'pid'>): Promise<void> {
  if (pid === undefined || process.platform === 'win32') return;
  for (let look = 0; look < 50 && isGroupAlive(pid); look++) await delay(10);
}

function tooLong(timeout: number): GitProcessError {
  return new GitProcessError(`it took longer than ${Math.round(timeout / 1000)} s`);
}

function silentFor(patience: number): GitProcessError {
  return new GitProcessError(`nothing was heard of it for ${Math.round(patience / 1000)} s`);
}
