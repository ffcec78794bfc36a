import { type IPty, spawn } from 'node-pty';
import { HoldfastError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import { findExecutable, windowsVariable } from '../node/executable.ts';
import type { Pty, PtyExit, PtyOptions } from './pty.ts';
import { windowsCall } from './windowsCommandLine.ts';

/** The events of node-pty that its types do not tell. */
type ConnectingPty = IPty & { on(event: 'ready_datapipe', listener: () => void): void };

/**
 * ConPTY delivers text, so bytes are made from it again; it takes bytes as they come, so that characters may
 * be split. Signals do not exist, ending the process does.
 *
 * @throws {HoldfastError} `HOST_START_FAILED` where Windows does not start the program.
 */
export async function spawnWindowsPty({ file, args, ...options }: PtyOptions, start = spawn): Promise<Pty> {
  const { env } = options;
  const found = (await findExecutable(file, { ...options, platform: 'win32' })) ?? file;
  const call = windowsCall({ file: found, args }, windowsVariable(env, 'COMSPEC') ?? 'cmd.exe');
  const pty = start(call.file, call.args, options);
  const onData = new Emitter<Buffer>();
  const onExit = new Emitter<PtyExit>();
  pty.onData((text) => onData.fire(Buffer.from(text, 'utf8')));
  pty.onExit(({ exitCode }) => onExit.fire({ code: exitCode, signal: null }));
  await connected(pty as ConnectingPty, file);
  return {
    pid: pty.pid,
    onData: onData.event,
    onExit: onExit.event,
    async write(data) {
      pty.write(data);
    },
    resize: (cols, rows) => resize(pty, cols, rows),
    signal: (name) => (name === 'SIGINT' ? pty.write('\x03') : pty.kill()),
    hangUp: () => pty.kill(),
    pause: () => pty.pause(),
    resume: () => pty.resume(),
  };
}

/** Only then is there a process, and its pid known. */
async function connected(pty: ConnectingPty, file: string): Promise<void> {
  const failure = await new Promise<number | undefined>((resolve) => {
    pty.on('ready_datapipe', () => resolve(undefined));
    pty.onExit(({ exitCode }) => resolve(exitCode));
  });
  if (failure === undefined) return;
  throw new HoldfastError('HOST_START_FAILED', `Windows does not start ${file}; its error code is ${failure}.`);
}

function resize(pty: IPty, cols: number, rows: number): void {
  try {
    pty.resize(cols, rows);
  } catch {
    // It has ended, which is about to be reported.
  }
}
