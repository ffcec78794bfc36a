import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { type IPty, spawn } from 'node-pty';
import { Terminal } from '../../../src/node/xterm.ts';
import { projectNode } from '../../support/paths.ts';
import { currentTestRun } from '../../support/testRun.ts';
import { waitFor } from '../../support/waitFor.ts';
import { dist } from './scene.ts';

const cli = path.join(dist, 'cli.js');

/** What a user types for `holdfast` in a shell. */
export const cliCommand = `'${projectNode}' '${cli}'`;

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `holdfast` without a terminal. */
export function runCli(cwd: string, ...args: string[]): Promise<CliResult> {
  return new Promise((resolve) => {
    execFile(projectNode, [cli, ...args], { cwd, timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

/** The environment of somebody at a terminal, whatever a test run's own says of colours. */
function interactive(): NodeJS.ProcessEnv {
  const { CI, NO_COLOR, NODE_DISABLE_COLORS, FORCE_COLOR, ...env } = process.env;
  return env;
}

export interface CliTerminalOptions {
  cols?: number;
  rows?: number;
  /** Shell code that runs on the same terminal first. */
  before?: string;
  /** Shell code that runs on the same terminal afterwards; `pid` is then that of the shell. */
  after?: string;
  /** Standard error goes to a file instead of the terminal. */
  errors?: 'aside';
}

/** `holdfast` on a terminal of its own, as a user sees it. */
export class CliTerminal {
  readonly #pty: IPty;
  readonly #terminal: InstanceType<typeof Terminal>;
  readonly #exit: Promise<number>;
  readonly #errorFile: string | undefined;
  #output = '';

  constructor(cwd: string, args: string[], options: CliTerminalOptions = {}) {
    const { cols = 80, rows = 24, before = ':', after, errors } = options;
    this.#terminal = new Terminal({ cols, rows, scrollback: 10_000, allowProposedApi: true });
    this.#errorFile = errors && path.join(currentTestRun().folder, 'temp', randomUUID());
    const call = this.#errorFile ? `"$@" 2>'${this.#errorFile}'` : '"$@"';
    const code = after === undefined ? `${before}; exec ${call}` : `${before}; ${call}; code=$?; ${after}; exit $code`;
    const script = ['-c', code, 'sh', projectNode, cli, ...args];
    this.#pty = spawn('/bin/sh', script, { cwd, cols, rows, name: 'xterm-256color', env: interactive() });
    this.#pty.onData((text) => {
      this.#output += text;
      this.#terminal.write(text);
    });
    this.#exit = new Promise((resolve) => this.#pty.onExit(({ exitCode }) => resolve(exitCode)));
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** Everything that was printed, control sequences included. */
  get output(): string {
    return this.#output;
  }

  get modes(): InstanceType<typeof Terminal>['modes'] {
    return this.#terminal.modes;
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  resize(cols: number, rows: number): void {
    this.#pty.resize(cols, rows);
    this.#terminal.resize(cols, rows);
  }

  /** The exit code. */
  exit(): Promise<number> {
    return this.#exit;
  }

  /** Everything that came of it, once it has ended; call it once. `errors` only where they went aside. */
  async result(): Promise<{ code: number; output: string; errors: string }> {
    const code = await this.#exit;
    if (!this.#errorFile) return { code, output: this.#output, errors: '' };
    const errors = await readFile(this.#errorFile, 'utf8');
    await rm(this.#errorFile);
    return { code, output: this.#output, errors };
  }

  kill(): void {
    this.#pty.kill('SIGKILL');
  }

  /** Waits until scrollback and screen hold something, and returns all of their text. */
  waitForText(wanted: RegExp, { timeout = 15_000 } = {}): Promise<string> {
    return waitFor(
      () => this.#text(),
      (text) => wanted.test(text),
      { timeout, what: `${wanted} on the terminal` },
    );
  }

  #text(): string {
    const { active } = this.#terminal.buffer;
    const rows = Array.from({ length: active.length }, (_, row) => active.getLine(row)?.translateToString(true) ?? '');
    return rows.join('\n').trimEnd();
  }
}
