import type { Terminal as TerminalType } from '@xterm/headless';
import { Terminal } from '../node/xterm.ts';
import type { TerminalSize } from '../protocol/hostMessages.ts';

/** Output is interpreted in pieces of at most this length, so that no piece scrolls out more lines than are kept. */
const maxPiece = 8 * 1024;
const keptLines = 2 * maxPiece;

/**
 * Turns recorded output into lines of text, as a terminal would have shown them in the end: what is corrected
 * at a prompt or redrawn by a progress bar comes out as it last looked, and full-screen programs leave nothing.
 * What a program cleared away was shown all the same, so it stays in the text.
 */
export class TranscriptText {
  readonly #isFollowing: boolean;
  #terminal: TerminalType;
  /** First row of the buffer that was not taken yet. */
  #next = 0;
  /** Lines that were on the screen when it was cleared. */
  #cleared: string[] = [];

  /** Followed, a line is ready as soon as the cursor has left it; else once it has left the screen. */
  constructor({ isFollowing }: { isFollowing: boolean }) {
    this.#isFollowing = isFollowing;
    this.#terminal = this.#newTerminal({ cols: 80, rows: 24 });
  }

  /** Another process has begun, on a screen of its own. Returns the lines that are left of the one before. */
  begin(size: TerminalSize): string[] {
    const lines = this.end();
    this.#terminal.resize(size.cols, size.rows);
    return lines;
  }

  resize({ cols, rows }: TerminalSize): void {
    this.#dropTaken();
    this.#terminal.resize(cols, rows);
  }

  /** Returns the lines that can change no more. */
  async write(text: string): Promise<string[]> {
    const lines: string[] = [];
    for (let at = 0; at < text.length; at += maxPiece) {
      await interpret(this.#terminal, text.slice(at, at + maxPiece));
      const { baseY, cursorY } = this.#terminal.buffer.normal;
      lines.push(...this.#cleared.splice(0), ...this.#take(this.#isFollowing ? baseY + cursorY : baseY));
      if (baseY > keptLines - maxPiece) this.#dropTaken();
    }
    return lines;
  }

  /** Returns all lines that are left, and begins with an empty screen. */
  end(): string[] {
    const lines = this.#take(this.#usedRows);
    const { cols, rows } = this.#terminal;
    this.#terminal.dispose();
    this.#terminal = this.#newTerminal({ cols, rows });
    this.#next = 0;
    return lines;
  }

  #newTerminal({ cols, rows }: TerminalSize): TerminalType {
    const terminal = new Terminal({ cols, rows, scrollback: keptLines, allowProposedApi: true });
    // Returning true keeps the terminal from acting on the sequence.
    terminal.parser.registerCsiHandler({ final: 'J' }, ([part]) => {
      if (part === 3) return true;
      if (clearsMainScreen(terminal, part)) this.#keepScreen();
      return false;
    });
    terminal.parser.registerEscHandler({ final: 'c' }, () => {
      this.#keepScreen();
      this.#next = 0;
      return false;
    });
    return terminal;
  }

  /** The screen is about to be cleared. */
  #keepScreen(): void {
    const { normal } = this.#terminal.buffer;
    this.#cleared.push(...this.#take(Math.max(normal.baseY, this.#usedRows)));
    this.#next = normal.baseY;
  }

  /** Rows of the buffer down to the last one that holds text. */
  get #usedRows(): number {
    const { normal } = this.#terminal.buffer;
    let end = normal.length;
    while (end > this.#next && !normal.getLine(end - 1)?.translateToString(true)) end--;
    return end;
  }

  /** The lines up to row `end`; a row that goes on below waits for the rest of its line. */
  #take(end: number): string[] {
    const { normal } = this.#terminal.buffer;
    const lines: string[] = [];
    let line = '';
    for (let row = this.#next; row < end; row++) {
      const isContinued = normal.getLine(row + 1)?.isWrapped ?? false;
      line += normal.getLine(row)?.translateToString(!isContinued) ?? '';
      if (isContinued) continue;
      lines.push(line);
      line = '';
      this.#next = row + 1;
    }
    return lines;
  }

  /** Frees the rows above the screen, which were taken, before the terminal itself would shift them out. */
  #dropTaken(): void {
    const { baseY } = this.#terminal.buffer.normal;
    this.#terminal.options.scrollback = 0;
    this.#terminal.options.scrollback = keptLines;
    this.#next = Math.max(0, this.#next - baseY);
  }
}

function clearsMainScreen({ buffer }: TerminalType, part: number | number[] | undefined): boolean {
  const { type, cursorX, cursorY } = buffer.active;
  const isHome = cursorX === 0 && cursorY === 0;
  return type === 'normal' && (part === 2 || (part === 0 && isHome));
}

function interpret(terminal: TerminalType, text: string): Promise<void> {
  return new Promise((resolve) => terminal.write(text, resolve));
}
