import stringWidth from 'string-width';
import type { TerminalSize } from '../protocol/hostMessages.ts';
import { type TerminalToken, TerminalTokenizer } from './terminalText.ts';

/** One row of the screen: a string for each column, empty for the second column of a wide character. */
interface Row {
  cells: string[];
  /** The row goes on with the line above it. */
  isContinued: boolean;
}

/**
 * Just enough of a terminal to turn recorded output into lines of text: what is typed and corrected at a
 * prompt, redrawn by a progress bar or by an agent's input box comes out as it last looked. Written by hand
 * because the real terminal library is kept out of the command line, and stripping the sequences with a
 * library would leave every state of a redrawn line.
 */
export class TextScreen {
  readonly #tokenizer = new TerminalTokenizer();
  readonly #maxRows: number;
  #size: TerminalSize = { cols: 80, rows: 24 };
  #rows: Row[] = [emptyRow()];
  #row = 0;
  #column = 0;
  #isAlternate = false;

  /** `maxRows`: how many rows stay open for changes; fewer than the screen has brings lines out sooner. */
  constructor(maxRows = Number.POSITIVE_INFINITY) {
    this.#maxRows = maxRows;
  }

  resize(size: TerminalSize): void {
    this.#size = size;
  }

  /** Returns the lines that can change no more. */
  write(text: string): string[] {
    for (const token of this.#tokenizer.push(text)) this.#apply(token);
    const overflow = this.#row + 1 - Math.min(this.#maxRows, this.#size.rows);
    return overflow > 0 ? this.#take(overflow) : [];
  }

  /** Returns all lines that are left and begins with an empty screen. */
  end(): string[] {
    const used = this.#rows.findLastIndex(({ cells }) => textOf(cells)) + 1;
    const lines = toLines(this.#rows.slice(0, used));
    this.#rows = [emptyRow()];
    this.#row = 0;
    this.#column = 0;
    this.#isAlternate = false;
    return lines;
  }

  /** Takes rows off the top, except those whose line goes on below. */
  #take(count: number): string[] {
    let cut = count;
    while (cut > 0 && this.#rows[cut]?.isContinued) cut--;
    this.#row -= cut;
    return toLines(this.#rows.splice(0, cut));
  }

  #apply(token: TerminalToken): void {
    if (token.kind === 'sequence') this.#sequence(token.final, token.params);
    else if (this.#isAlternate) return;
    else if (token.kind === 'text') this.#put(token.text);
    else if (token.kind === 'control') this.#control(token.code);
  }

  #put(text: string): void {
    for (const character of text) {
      const width = character < '\x7f' ? 1 : stringWidth(character);
      if (width === 0) this.#combine(character);
      else this.#putOne(character, width);
    }
  }

  #putOne(character: string, width: number): void {
    if (this.#column + width > this.#size.cols) this.#wrap();
    const { cells } = this.#current;
    while (cells.length < this.#column) cells.push(' ');
    cells[this.#column] = character;
    if (width === 2) cells[this.#column + 1] = '';
    this.#column += width;
  }

  #combine(mark: string): void {
    const { cells } = this.#current;
    const last = cells.slice(0, this.#column).findLastIndex(Boolean);
    if (last >= 0) cells[last] += mark;
  }

  #wrap(): void {
    this.#moveTo(this.#row + 1, 0);
    this.#current.isContinued = true;
  }

  #control(code: string): void {
    if (code === '\n') this.#moveTo(this.#row + 1, this.#column);
    else if (code === '\r') this.#column = 0;
    else if (code === '\b') this.#column = Math.max(0, this.#column - 1);
    else if (code === '\t') this.#column = (Math.floor(this.#column / 8) + 1) * 8;
  }

  #sequence(final: string, params: string): void {
    if (params.startsWith('?')) return this.#mode(params, final);
    if (this.#isAlternate || /^[<=>]/.test(params)) return;
    const [first = 0, second = 0] = params.split(';').map(Number);
    const count = first || 1;
    if (final === 'A') this.#moveTo(this.#row - count, this.#column);
    else if (final === 'B') this.#moveTo(this.#row + count, this.#column);
    else if (final === 'C') this.#column += count;
    else if (final === 'D') this.#column = Math.max(0, this.#column - count);
    else if (final === 'E') this.#moveTo(this.#row + count, 0);
    else if (final === 'F') this.#moveTo(this.#row - count, 0);
    else if (final === 'G') this.#column = count - 1;
    else if (final === 'H' || final === 'f') this.#moveTo(this.#top + count - 1, (second || 1) - 1);
    else if (final === 'J') this.#eraseScreen(first);
    else if (final === 'K') this.#eraseLine(first);
    else if (final === 'P') this.#current.cells.splice(this.#column, count);
    else if (final === '@') this.#current.cells.splice(this.#column, 0, ...Array<string>(count).fill(' '));
  }
}
