import { spawn } from 'node-pty';
import { Emitter } from '../base/event.ts';
import type { Pty, PtyExit, PtyOptions } from './pty.ts';

/** ConPTY delivers text, so bytes are made from it again; signals do not exist, ending the process does. */
export function spawnWindowsPty({ file, args, ...options }: PtyOptions): Pty {
  const pty = spawn(file, args, { ...options, useConpty: true });
  const onData = new Emitter<Buffer>();
  const onExit = new Emitter<PtyExit>();
  pty.onData((text) => onData.fire(Buffer.from(text, 'utf8')));
  pty.onExit(({ exitCode }) => onExit.fire({ code: exitCode, signal: null }));
  return {
    pid: pty.pid,
    onData: onData.event,
    onExit: onExit.event,
    async write(data) {
      pty.write(data.toString('utf8'));
    },
    resize: (cols, rows) => pty.resize(cols, rows),
    signal: (name) => (name === 'SIGINT' ? pty.write('\x03') : pty.kill()),
    hangUp: () => pty.kill(),
    pause: () => pty.pause(),
    resume: () => pty.resume(),
  };
}
