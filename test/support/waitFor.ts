import { setTimeout as pause } from 'node:timers/promises';

export interface WaitOptions {
  /** Milliseconds. */
  readonly timeout?: number;
  /** What was awaited, for the error. */
  readonly what?: string;
}

/** Reads until the value is as wanted and returns it; on a timeout the error shows what was read last. */
export async function waitFor<T>(
  read: () => T | Promise<T>,
  wanted: (value: T) => boolean = Boolean,
  { timeout = 15_000, what = 'the wanted state' }: WaitOptions = {},
): Promise<T> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const value = await read();
    if (wanted(value)) return value;
    if (Date.now() > deadline) throw new Error(`Waited ${timeout} ms for ${what}; last seen: ${show(value)}`);
    await pause(50);
  }
}

function show(value: unknown): string {
  return typeof value === 'string' ? `\n${value}` : JSON.stringify(value, null, 2);
}
