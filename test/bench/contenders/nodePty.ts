import { type IPty, spawn } from 'node-pty';
import { sessionEnvironment } from '../environment.ts';
import { type OutputListener, type Program, type TerminalClient, terminalSize } from './contender.ts';

export interface PtyClient extends TerminalClient {
  readonly pid: number;
  /** Resolves when the program has ended. */
  readonly ended: Promise<void>;
}

/** Runs a program on a pseudoterminal of this process, as VS Code's own terminal does, with output as raw bytes. */
export function openPty({ file, args }: Program, onOutput: OutputListener): PtyClient {
  const options = { ...terminalSize, name: 'xterm-256color', env: sessionEnvironment(), encoding: null };
  const pty = spawn(file, [...args], options);
  // With no encoding, node-pty hands out buffers where its types say strings.
  pty.onData((data) => onOutput(data as unknown as Buffer));
  const ended = new Promise<void>((resolve) => pty.onExit(() => resolve()));
  return {
    pid: pty.pid,
    ended,
    write: (text) => pty.write(text),
    async detach() {
      hangUp(pty);
      await ended;
    },
  };
}

function hangUp(pty: IPty): void {
  try {
    process.kill(pty.pid, 'SIGHUP');
  } catch {
    // It has ended by itself.
  }
}
