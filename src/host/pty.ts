import type { Event } from '../base/event.ts';
import type { Signal } from '../protocol/hostMessages.ts';

/** How a process ended: its exit code, or the number of the signal that ended it. */
export interface PtyExit {
  code: number | null;
  signal: number | null;
}

/** A process on a pseudoterminal, in raw bytes. */
export interface Pty {
  readonly pid: number;
  readonly onData: Event<Buffer>;
  /** Fires once, after the last data. */
  readonly onExit: Event<PtyExit>;
  /** Queues input; resolves once the operating system has taken it, or the process has ended. */
  write(data: Buffer): Promise<void>;
  resize(cols: number, rows: number): void;
  /** Signals the process and what it runs in the foreground. */
  signal(name: Signal['signal']): void;
  /** Tells both to end; the exit is then reported once both have, be it that they were killed. */
  hangUp(): void;
  /** Stops and resumes reading, which makes a program that prints too fast wait. */
  pause(): void;
  resume(): void;
}

export interface PtyOptions {
  file: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  cols: number;
  rows: number;
}

/** Loads one platform's adapter only, for a host should weigh little. */
export async function spawnPty(options: PtyOptions): Promise<Pty> {
  if (process.platform === 'win32') return (await import('./windowsPty.ts')).spawnWindowsPty(options);
  return (await import('./unixPty.ts')).spawnUnixPty(options);
}
