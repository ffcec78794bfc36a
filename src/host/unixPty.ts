import { closeSync, constants, openSync } from 'node:fs';
import path from 'node:path';
import { ReadStream } from 'node:tty';
import { loadNativeModule } from 'node-pty/lib/utils.js';
import { Emitter } from '../base/event.ts';
import { foregroundGroup } from '../node/processIdentity.ts';
import { DescriptorWriter } from './descriptorWriter.ts';
import { HungUpGroups } from './hungUpGroups.ts';
import type { Pty, PtyExit, PtyOptions } from './pty.ts';

/**
 * The native part of node-pty, used directly because its JavaScript ties two things together that we need
 * apart: UTF-8 line editing in the kernel, and output as the raw bytes that offsets count.
 *
 * @see node-pty's `src/unix/pty.cc`
 */
interface NativePty {
  fork(
    file: string,
    args: string[],
    env: string[],
    cwd: string,
    cols: number,
    rows: number,
    uid: number,
    gid: number,
    utf8: boolean,
    helperPath: string,
    onExit: (code: number, signal: number) => void,
  ): { fd: number; pid: number; pty: string };
  resize(fd: number, cols: number, rows: number, pixelWidth: number, pixelHeight: number): void;
}

/** How long to wait for more output of a process that has ended, after the last there was; milliseconds. */
const drainTimeout = 200;

/** How long what a background child prints can put off the end of the session; milliseconds. */
const maxDrain = 1_000;

const unchangedUser = -1;

export function spawnUnixPty(options: PtyOptions): Pty {
  const { dir, module } = loadNativeModule('pty') as { dir: string; module: NativePty };
  return new UnixPty(module, path.resolve(__dirname, dir, 'spawn-helper'), options);
}

class UnixPty implements Pty {
  readonly pid: number;
  readonly #native: NativePty;
  readonly #fd: number;
  readonly #stream: ReadStream;
  readonly #writer: DescriptorWriter;
  readonly #onData = new Emitter<Buffer>();
  readonly onData = this.#onData.event;
  readonly #onExit = new Emitter<PtyExit>();
  readonly onExit = this.#onExit.event;
  #terminal: number | undefined;
  #exit: PtyExit | undefined;
  #drained = false;
  #drainUntil = 0;
  readonly #hungUp = new HungUpGroups();
  #drainTimer: NodeJS.Timeout | undefined;

  constructor(native: NativePty, helperPath: string, { file, args, cwd, env, cols, rows }: PtyOptions) {
    const pairs = Object.entries({ ...env, PWD: cwd }).map(([name, value]) => `${name}=${value}`);
    const { fd, pid, pty } = native.fork(
      file,
      args,
      pairs,
      cwd,
      cols,
      rows,
      unchangedUser,
      unchangedUser,
      true,
      helperPath,
      (code, signal) => this.#ended({ code: signal ? null : code, signal: signal || null }),
    );
    this.#native = native;
    this.pid = pid;
    this.#fd = fd;
    // While somebody has the terminal open, a program that closes it, to open it again later, does not end it.
    this.#terminal = tryOpen(pty);
    this.#writer = new DescriptorWriter(fd);
    this.#stream = new ReadStream(fd);
    this.#stream.on('data', (data: Buffer) => this.#read(data));
    // The end of a pseudoterminal is reported as EIO on Linux and as a plain end elsewhere.
    this.#stream.on('error', () => this.#finish());
    this.#stream.on('close', () => this.#finish());
  }

  write(data: Buffer): Promise<void> {
    return this.#writer.write(data);
  }

  resize(cols: number, rows: number): void {
    if (!this.#drained) this.#native.resize(this.#fd, cols, rows, 0, 0);
  }

  signal(name: NodeJS.Signals): void {
    // A shell with job control gives what it runs a group of its own, which is the one in the foreground.
    const groups = this.#exit ? this.#hungUp.alive : this.#groups();
    for (const group of groups) signalGroup(group, name);
    if (name === 'SIGKILL') this.#hungUp.killed();
  }

  hangUp(): void {
    if (!this.#exit) this.#hungUp.add(this.#groups());
    this.signal('SIGHUP');
  }

  #groups(): Set<number> {
    return new Set([foregroundGroup(this.pid) ?? this.pid, this.pid]);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#drainUntil = Date.now() + maxDrain;
    this.#stream.resume();
  }

  #read(data: Buffer): void {
    if (Date.now() < this.#drainUntil) this.#drainTimer?.refresh();
    this.#onData.fire(data);
  }

  /** A background child may keep the terminal open for ever, so its silence counts as the end. */
  #ended(exit: PtyExit): void {
    this.#exit = exit;
    this.#drainUntil = Date.now() + maxDrain;
    this.#closeTerminal();
    if (this.#drained) void this.#report(exit);
    else this.#drainTimer = setTimeout(() => this.#drainTimedOut(), drainTimeout);
  }

  /** While nobody reads, silence says nothing. */
  #drainTimedOut(): void {
    if (this.#stream.isPaused()) this.#drainTimer?.refresh();
    else this.#finish();
  }

  #finish(): void {
    if (this.#drained) return;
    this.#drained = true;
    clearTimeout(this.#drainTimer);
    this.#closeTerminal();
    this.#writer.close();
    this.#stream.destroy();
    if (this.#exit) void this.#report(this.#exit);
  }

  async #report(exit: PtyExit): Promise<void> {
    await this.#hungUp.ended();
    this.#onExit.fire(exit);
  }

  #closeTerminal(): void {
    if (this.#terminal !== undefined) closeSync(this.#terminal);
    this.#terminal = undefined;
  }
}

function signalGroup(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name);
  } catch {
    // It has ended, which is about to be reported.
  }
}

function tryOpen(terminal: string): number | undefined {
  try {
    return openSync(terminal, constants.O_RDWR | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
}
