import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { spawn } from 'node-pty';
import { spawnWindowsPty } from '../../../src/host/windowsPty.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

/** Connects, ends and records as the terminal of node-pty does. */
class FakeTerminal extends EventEmitter {
  pid = 0;
  readonly written: Buffer[] = [];
  readonly onData = (listener: (text: string) => void) => this.on('data', listener);
  readonly onExit = (listener: (exit: { exitCode: number }) => void) => this.on('exit', listener);

  connect(pid: number): void {
    this.pid = pid;
    this.emit('ready_datapipe');
  }

  write(data: string | Buffer): void {
    this.written.push(Buffer.from(data));
  }

  resize(): void {
    throw new Error('Cannot resize a pty that has already exited');
  }
}

describe('a pseudoterminal of Windows', () => {
  const dirs = useTempDirs();
  let terminal: FakeTerminal;
  let call: unknown[];
  let started: () => void;

  /** Resolves once node-pty was called. */
  async function open({ file = 'tool.exe', args = ['x'], env = {} as Record<string, string> } = {}) {
    terminal = new FakeTerminal();
    const isStarted = new Promise<void>((resolve) => {
      started = resolve;
    });
    const start = ((...parameters: unknown[]) => {
      call = parameters;
      started();
      return terminal;
    }) as unknown as typeof spawn;
    const opening = spawnWindowsPty({ file, args, cwd: '/', env, cols: 80, rows: 24 }, start);
    await Promise.race([isStarted, opening]);
    return { opening };
  }

  async function opened(options?: Parameters<typeof open>[0]) {
    const { opening } = await open(options);
    terminal.connect(42);
    return opening;
  }

  it('has the pid of its process, which is known once it is connected', async () => {
    assert.equal((await opened()).pid, 42);
  });

  it('does not open where Windows does not start the program', async () => {
    const { opening } = await open();
    terminal.emit('exit', { exitCode: 2 });
    await assert.rejects(opening, { code: 'HOST_START_FAILED', message: /tool\.exe.* 2/ });
  });

  it('starts what the session’s own PATH knows, with the command processor it names for a batch file', async () => {
    const folder = await dirs.make('programs');
    await writeFile(path.join(folder, 'claude.CMD'), '', { mode: 0o755 });
    await opened({ file: 'claude', args: ['a b'], env: { Path: folder, ComSpec: 'C:\\cmd.exe' } });
    const script = path.join(folder, 'claude.CMD');
    assert.deepEqual(call.slice(0, 2), ['C:\\cmd.exe', `/e:ON /v:OFF /d /s /c ""${script}" "a b""`]);
  });

  it('gives a line to cmd as it was typed', async () => {
    await opened({ file: 'cmd.exe', args: ['/d', '/s', '/c', 'echo "a  b"'] });
    assert.deepEqual(call.slice(0, 2), ['cmd.exe', '/d /s /c "echo "a  b""']);
  });

  it('passes a character on whole that came in two parts', async () => {
    const pty = await opened();
    const bytes = Buffer.from('ä€😀');
    for (const byte of bytes) await pty.write(Buffer.of(byte));
    assert.equal(Buffer.concat(terminal.written).toString('utf8'), 'ä€😀');
  });

  it('reports output as bytes', async () => {
    const pty = await opened();
    const data: Buffer[] = [];
    pty.onData((bytes) => data.push(bytes));
    terminal.emit('data', 'ä😀');
    assert.deepEqual(data, [Buffer.from('ä😀')]);
  });

  it('loses no output that comes right after the start', async () => {
    const { opening } = await open();
    const data: Buffer[] = [];
    const reading = opening.then((pty) => pty.onData((bytes) => data.push(bytes)));
    setImmediate(() => terminal.connect(42));
    await new Promise<void>((resolve) => {
      terminal.once('ready_datapipe', () => setImmediate(resolve));
    });
    terminal.emit('data', 'first');
    await reading;
    assert.deepEqual(data, [Buffer.from('first')]);
  });

  it('lets a resize pass that comes after the end', async () => {
    const pty = await opened();
    assert.doesNotThrow(() => pty.resize(100, 30));
  });
});
