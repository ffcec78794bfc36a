import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { describeError } from '../base/errors.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Structured log lines; `fields` is plain JSON. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

const maxBytes = 1024 * 1024;

/**
 * Appends JSON lines to `file`; at 1 MiB it becomes `<file>.1` and a new one begins. Written by hand because
 * the usual loggers bring a worker thread, which is more than a whole session host may weigh.
 */
export function createFileLog(file: string, program: string): Log {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  let size = sizeOf(file);
  const write = (level: LogLevel, message: string, fields: Record<string, unknown> = {}) => {
    const entry = { time: new Date().toISOString(), level, program, pid: process.pid, message, ...plain(fields) };
    const line = `${JSON.stringify(entry)}\n`;
    try {
      if (size + line.length > maxBytes) {
        renameSync(file, `${file}.1`);
        size = 0;
      }
      appendFileSync(file, line, { mode: 0o600 });
      size += line.length;
    } catch {
      // A log that cannot be written (a full disk) must not end the session it describes.
    }
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  };
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

function plain(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? describeError(value) : value]),
  );
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
