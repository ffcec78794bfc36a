import { Emitter } from '../base/event.ts';
import type { Disposable } from '../base/lifecycle.ts';
import type { TerminalSize } from '../protocol/hostMessages.ts';
import { closingLine, restoreTerminal } from './terminalSequences.ts';

/** The signals that ask this program to go; they end the attachment and never the session. */
const goodbyes = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

/** Pseudoterminals that nobody has given a size say zero. */
const fallbackSize: TerminalSize = { cols: 80, rows: 24 };

/** The terminal this program runs in, taken over for a session until it is left. */
export class UserTerminal implements Disposable {
  readonly #stdin = process.stdin;
  readonly #stdout = process.stdout;
  readonly #onInput = new Emitter<Buffer>();
  readonly onInput = this.#onInput.event;
  readonly #onResize = new Emitter<TerminalSize>();
  readonly onResize = this.#onResize.event;
  readonly #onGone = new Emitter<void>();
  /** The terminal was closed, or this program was told to go. */
  readonly onGone = this.#onGone.event;
  readonly #leaveAtExit = () => this.dispose();
  #left = false;

  constructor() {
    const gone = () => this.#onGone.fire();
    this.#stdout.on('resize', () => this.#onResize.fire(this.size));
    this.#stdin.on('end', gone);
    // A terminal that was closed gives an error to whoever reads or writes.
    for (const stream of [this.#stdin, this.#stdout]) stream.on('error', gone);
    for (const signal of goodbyes) process.on(signal, gone);
    process.on('exit', this.#leaveAtExit);
    this.#stdin.setRawMode(true);
  }

  /** Begins to read; what was typed before this waits in the terminal. */
  startReading(): void {
    this.#stdin.on('data', (data) => this.#onInput.fire(Buffer.from(data)));
  }

  get size(): TerminalSize {
    const { columns, rows } = this.#stdout;
    return { cols: columns || fallbackSize.cols, rows: rows || fallbackSize.rows };
  }

  /** `onTaken` follows once the terminal has taken the data. */
  write(data: string | Buffer, onTaken?: () => void): void {
    if (!this.#left) this.#stdout.write(data, onTaken);
  }

  /** Restores the terminal and leaves one line of ours on it. */
  leave(line: string): void {
    this.write(restoreTerminal + closingLine(line));
    this.dispose();
  }

  /** Restores the terminal, however it is left. */
  dispose(): void {
    if (this.#left) return;
    this.write(restoreTerminal);
    this.#left = true;
    process.off('exit', this.#leaveAtExit);
    this.#stdin.setRawMode(false);
    this.#stdin.pause();
  }
}
