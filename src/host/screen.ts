import { SerializeAddon } from '@xterm/addon-serialize';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { Terminal } from '@xterm/headless';
import { Emitter } from '../base/event.ts';
import type { TerminalSize } from '../protocol/hostMessages.ts';
import { ModeTracker } from './modeTracker.ts';
import { answerQueries, type Theme } from './terminalReplies.ts';

export interface ScreenOptions extends TerminalSize {
  /** Lines kept above the screen. */
  scrollback: number;
  theme: Theme;
}

/** A terminal's content as control sequences, and the offset in the output that it stands for. */
export interface Snapshot extends TerminalSize {
  seq: number;
  text: string;
}

/** The session's terminal without a display: fed every byte, it can be drawn anew at any moment. */
export class Screen {
  readonly #terminal: Terminal;
  readonly #serializer = new SerializeAddon();
  readonly #modes: ModeTracker;
  readonly #onReply = new Emitter<string>();
  /** What the terminal answers to a program's question, to be written to the program. */
  readonly onReply = this.#onReply.event;
  theme: Theme;
  #title = '';
  #fed: number;
  #pending = 0;

  constructor({ cols, rows, scrollback, theme }: ScreenOptions, startSeq = 0) {
    this.theme = theme;
    this.#fed = startSeq;
    this.#terminal = new Terminal({
      cols,
      rows,
      scrollback,
      allowProposedApi: true,
      windowOptions: { getWinSizeChars: true },
    });
    this.#terminal.loadAddon(this.#serializer);
    this.#terminal.loadAddon(new Unicode11Addon());
    // The width rules must be those of the terminals that show the session, and 11 is VS Code's default.
    this.#terminal.unicode.activeVersion = '11';
    this.#modes = new ModeTracker(this.#terminal);
    answerQueries(this.#terminal, () => this.theme);
    this.#terminal.onData((text) => this.#onReply.fire(text));
    this.#terminal.onTitleChange((title) => {
      this.#title = title;
    });
  }

  get size(): TerminalSize {
    return { cols: this.#terminal.cols, rows: this.#terminal.rows };
  }

  get title(): string {
    return this.#title;
  }

  /** Bytes that were written but not yet interpreted. */
  get pending(): number {
    return this.#pending;
  }

  get isAlternate(): boolean {
    return this.#terminal.buffer.active.type === 'alternate';
  }

  /** Draws text that is no output of the session, such as the screen it had before a restart. */
  restore(text: string): void {
    this.#terminal.write(text);
  }

  /** Feeds output; `onParsed` follows once it is on the screen. */
  write(data: Buffer, onParsed: () => void): void {
    this.#fed += data.length;
    this.#pending += data.length;
    this.#terminal.write(data, () => {
      this.#pending -= data.length;
      onParsed();
    });
  }

  resize({ cols, rows }: TerminalSize): void {
    this.#terminal.resize(cols, rows);
  }

  /** The screen with everything written so far on it and up to `scrollback` lines above it. */
  snapshot(scrollback?: number): Promise<Snapshot> {
    const seq = this.#fed;
    return new Promise((resolve) => {
      // Writes are interpreted in order, so this callback runs between the bytes before and after `seq`.
      this.#terminal.write('', () => resolve({ seq, ...this.size, text: this.#serialize(scrollback) }));
    });
  }

  #serialize(scrollback: number | undefined): string {
    const { cursorX: x, cursorY: y } = this.#terminal.buffer.active;
    const title = this.#title ? `\x1b]0;${this.#title}\x07` : '';
    const content = this.#serializer.serialize(scrollback === undefined ? {} : { scrollback });
    return title + content + this.#modes.serialize({ x, y });
  }
}
