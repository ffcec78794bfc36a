import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** How a session’s process, or the attempt to start it, came to its end. */
export type SessionEnd =
  /** By itself; `signal` is the signal’s number. */
  | { kind: 'exited'; code: number | null; signal: number | null }
  /** The user asked for it. */
  | { kind: 'stopped' }
  /** The watchdog asked for it. */
  | { kind: 'timeout' | 'limit'; what: string }
  /** Its session host is proven gone, and with it the terminal. */
  | { kind: 'hostLost' }
  /** Its session host was told to end by the system, as at a logout. */
  | { kind: 'dismissed' }
  /** The machine has been started anew since. */
  | { kind: 'rebooted' }
  /** Its host was gone when a helper came, long after the last one had looked. */
  | { kind: 'unwatched' }
  /** It could not be started again. */
  | { kind: 'startFailed'; what: string };

/**
 * What an end means for recovery. `crash`: it was torn out of its work. `failure`: it says that it did not succeed,
 * or somebody asked it to end, and nobody can tell whether it should go on. `success` and `asked` are nobody’s loss;
 * `gone` is neither, for it went with the machine.
 */
export type EndMeaning = 'success' | 'failure' | 'crash' | 'asked' | 'gone';

/** POSIX numbers, which are the same on every system that reports signals. */
const signalNames: Record<number, string> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  5: 'SIGTRAP',
  6: 'SIGABRT',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
};

/** With which a person or a system asks a program to end; all others are something that happened to it. */
const requests = new Set([1, 2, 3, 13, 15]);

/** A shell reports the signal that ended its program as an exit code of 128 more. */
const shellBase = 128;

/** Windows ends what crashes with the status of its error, and what Ctrl+C ends with that of it. */
const windowsErrors = 0xc0000000;
const windowsInterrupt = 0xc000013a;

/** “SIGSEGV”, or “signal 42” where the number has no common name. */
export function signalName(signal: number): string {
  return signalNames[signal] ?? `signal ${signal}`;
}

export function meaningOf(end: SessionEnd): EndMeaning {
  switch (end.kind) {
    case 'exited':
      return meaningOfExit(end.code, end.signal);
    case 'hostLost':
    case 'startFailed':
      return 'crash';
    case 'rebooted':
    case 'dismissed':
    case 'unwatched':
      return 'gone';
    case 'stopped':
    case 'timeout':
    case 'limit':
      return 'asked';
  }
}

/** Whether a session has ended as nobody meant it to, and should be looked at. */
export function wasLoss({ status, exit, evidence, attempts, setup }: SessionRecord): boolean {
  if (status === 'timeout' || (status === 'failed' && setup?.state === 'failed')) return true;
  // Whoever gave up knows.
  if (status !== 'failed' || evidence?.by === 'user') return false;
  // A program that says that it did not succeed does so in its terminal.
  return exit?.reason !== 'exit' || attempts > 0 || meaningOfExit(exit.code, exit.signal) === 'crash';
}

function meaningOfExit(code: number | null, signal: number | null): EndMeaning {
  if (signal !== null) return requests.has(signal) ? 'failure' : 'crash';
  if (code === 0) return 'success';
  return code !== null && (tellsSignal(code) || tellsWindowsError(code)) ? 'crash' : 'failure';
}

/** Of a signal that nobody sends to ask a program to end. */
function tellsSignal(code: number): boolean {
  const signal = code - shellBase;
  return signalNames[signal] !== undefined && !requests.has(signal);
}

/** @see https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-erref/596a1078-e883-4972-9bbc-49e60bebca55 */
function tellsWindowsError(code: number): boolean {
  const status = code >>> 0;
  return status >= windowsErrors && status !== windowsInterrupt;
}

/** What happened, as a part of a sentence. */
export function describeEnd(end: SessionEnd): string {
  switch (end.kind) {
    case 'exited':
      return end.signal === null
        ? `ended with code ${end.code ?? 'unknown'}`
        : `was ended by ${signalName(end.signal)}`;
    case 'stopped':
      return 'you stopped it';
    case 'hostLost':
      return 'its session host was killed';
    case 'dismissed':
      return 'the system ended its session host, as at a logout';
    case 'rebooted':
      return 'the machine was started anew';
    case 'unwatched':
      return 'its process was gone when Holdfast came back';
    case 'timeout':
    case 'limit':
    case 'startFailed':
      return end.what;
  }
}
