import { delay } from '../base/async.ts';
import { Emitter } from '../base/event.ts';
import type { Disposable } from '../base/lifecycle.ts';
import type { TerminalSize } from '../protocol/hostMessages.ts';
import { newLine, restoreTerminal } from './terminalSequences.ts';

/** The signals that ask this program to go; they end the attachment and never the session. */
const goodbyes = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

/** A paste that has not gone on for so long is over; milliseconds. */
const quiet = 200;

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
  #hasShown = false;
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
    if (!this.#left) this.#stdin.on('data', (data) => this.#onInput.fire(Buffer.from(data)));
  }

  /** Drops what is being pasted until no more of it comes, so that the shell does not take the rest for commands. */
  async dropInput(): Promise<void> {
    this.#onInput.dispose();
    let hasMore = false;
    this.#stdin.on('data', () => {
      hasMore = true;
    });
    do {
      hasMore = false;
      await delay(quiet);
    } while (hasMore);
  }

  get size(): TerminalSize {
    const { columns, rows } = this.#stdout;
    return { cols: columns || fallbackSize.cols, rows: rows || fallbackSize.rows };
  }

  /** Shows something of the session; `onTaken` follows once the terminal has taken it. */
  write(data: string | Buffer, onTaken?: () => void): void {
    if (this.#left) return;
    this.#hasShown = true;
    this.#stdout.write(data, onTaken);
  }

  /** Restores the terminal and leaves one line of ours on it. */
  leave(line: string): void {
    this.dispose();
    this.#stdout.write(`${line}\n`);
  }

  /** Restores the terminal, however it is left, with the cursor on an empty line below what was shown. */
  dispose(): void {
    if (this.#left) return;
    this.#left = true;
    if (this.#hasShown) this.#stdout.write(restoreTerminal + newLine);
    process.off('exit', this.#leaveAtExit);
    this.#stdin.setRawMode(false);
    this.#stdin.pause();
  }
}
