import type { Terminal } from '@xterm/headless';
import { sgr } from './sgr.ts';
import {
  type Attributes,
  backgroundFlag,
  cell,
  colorBits,
  internalsOf,
  type Line,
  type ScreenBuffer,
  type TerminalInternals,
} from './terminalInternals.ts';

const noExtended = { _ext: 0, _urlId: 0 };
const plain: Attributes = { fg: 0, bg: 0, extended: noExtended };

/** Every how many columns a terminal has a tab stop. */
const defaultTabWidth = 8;

/**
 * Writes the control sequences that draw a terminal's content on an empty one of the same size: lines above the screen,
 * both screens with their scroll regions, saved cursors and tab stops, the cursor. Of the modes only origin mode is
 * among them, in which cursor positions count from the scroll region.
 *
 * It reads the cells as the terminal keeps them, for which 5,000 lines cost a few milliseconds.
 */
export class ScreenSerializer {
  readonly #terminal: Terminal;
  readonly #internals: TerminalInternals;
  /** Room for the characters of one line, as UTF-16. */
  readonly #units: Uint16Array;
  #text = '';
  #fg = 0;
  #bg = 0;
  #ext = 0;
  #link = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#internals = internalsOf(terminal);
    this.#units = new Uint16Array(terminal.cols);
  }

  /** The content with up to `scrollback` lines above the screen. */
  serialize(scrollback = Number.POSITIVE_INFINITY): string {
    this.#text = '';
    this.#fg = this.#bg = this.#ext = this.#link = 0;
    const { normal, alt, active } = this.#internals.buffers;
    this.#buffer(normal, scrollback);
    if (active === alt) {
      // The switch saves the cursor as the program's own switch did, and fills the screen with the background of now.
      this.#toSavedCursor(normal);
      this.#text += '\x1b[?1049h';
      this.#pen(plain);
      this.#text += '\x1b[2J\x1b[H';
      this.#buffer(alt, 0);
    }
    if (hasSavedCursor(active)) {
      this.#toSavedCursor(active);
      this.#text += '\x1b7';
    }
    this.#cursor(active);
    return this.#text;
  }

  /** Puts the cursor on its place, and sets what the next character will look like. */
  #cursor(active: ScreenBuffer): void {
    const { originMode } = this.#terminal.modes;
    if (originMode) this.#text += '\x1b[?6h';
    const column = Math.min(active.x, this.#terminal.cols - 1);
    this.#text += `\x1b[${active.y - (originMode ? active.scrollTop : 0) + 1};${column + 1}H`;
    if (active.x > column) this.#waitToWrap(active);
    this.#look(this.#internals._inputHandler._curAttrData);
  }

  #buffer(buffer: ScreenBuffer, scrollback: number): void {
    const { rows } = this.#terminal;
    const { lines, ybase } = buffer;
    const start = Math.max(0, ybase - scrollback);
    let end = Math.min(lines.length, ybase + rows);
    // Only what must scroll needs empty lines below it.
    if (start === ybase) while (end > start && this.#isEmpty(lines.get(end - 1))) end--;
    const first = lines.get(start);
    if (first?.isWrapped) this.#wrapFirst(first);
    let column = 0;
    for (let row = start; row < end; row++) {
      const line = lines.get(row);
      if (!line) continue;
      const next = row + 1 < end ? lines.get(row + 1) : undefined;
      const isContinued = next?.isWrapped === true;
      const filled = this.#cells(line, column, isContinued);
      column = isContinued ? this.#wrap(line, filled, next) : 0;
      if (next && !isContinued) this.#newLine();
    }
    this.#tabStops(buffer);
    this.#scrollRegion(buffer);
  }

  /** A new line takes the background of the pen where it scrolls in. */
  #newLine(): void {
    this.#pen(plain);
    this.#text += '\r\n';
  }

  /**
   * Goes on in the next line as text does that is too long for one: only printing makes a terminal remember that both
   * are one line. Returns the column to go on from.
   */
  #wrap(line: Line, filled: number, next: Line): number {
    const missing = this.#terminal.cols - filled;
    return missing === 0 && !this.#isNull(next, 0) ? this.#wrapByItself(next) : this.#forceWrap(line, filled, next);
  }

  /** On a terminal of another width it wraps where that one ends, and no character is lost. */
  #wrapByItself(next: Line): number {
    const width = this.#character(next, 0);
    // A line that scrolls in has the background of the pen.
    if ((this.#bg & colorBits) !== 0 && width < this.#terminal.cols) {
      this.#pen(plain);
      this.#text += '\x1b[K';
    }
    return width;
  }

  #forceWrap(line: Line, filled: number, next: Line): number {
    const missing = this.#terminal.cols - filled;
    this.#pen(plain);
    this.#openLink(0);
    this.#text += `${' '.repeat(missing)} \r`;
    if (this.#isNull(next, 0)) this.#text += '\x1b[X';
    if (missing === 0) return 0;
    this.#text += `\x1b[A\x1b[${filled + 1}G\x1b[${missing}X`;
    this.#cells(line, filled, false);
    this.#pen(plain);
    this.#text += '\x1b[B\r';
    return 0;
  }

  /** The first line goes on one that has scrolled away: such a line is made, and deleted again. */
  #wrapFirst(line: Line): void {
    this.#text += `${' '.repeat(this.#terminal.cols + 1)}\x1b[H\x1b[M`;
    if (this.#isNull(line, 0)) this.#text += '\x1b[X';
  }

  /** Draws the cells from `start` on; returns the column behind the last that was printed. */
  #cells(line: Line, start: number, isContinued: boolean): number {
    const { cols } = this.#terminal;
    let filled = start;
    for (let column = start; column < cols; ) {
      if (this.#isNull(line, column)) {
        const end = this.#endOfNulls(line, column);
        // What ends the line before it wraps is erased once it has wrapped.
        if (end === cols && isContinued) return filled;
        this.#nulls(backgroundOf(line, column), end - column, end === cols);
        column = end;
      } else {
        column = this.#run(line, column);
      }
      filled = column;
    }
    return filled;
  }

  #nulls(background: number, count: number, isLast: boolean): void {
    if (background !== 0) {
      this.#pen({ fg: 0, bg: background, extended: noExtended });
      this.#text += `\x1b[${count}X`;
    }
    if (!isLast) this.#text += `\x1b[${count}C`;
  }

  /** Prints the characters from `column` on that look alike; returns the column behind them. */
  #run(line: Line, column: number): number {
    const { _data } = line;
    const fg = _data[column * cell.words + 1] as number;
    const bg = _data[column * cell.words + 2] as number;
    if (bg & backgroundFlag.hasExtended) return column + this.#character(line, column);
    this.#look({ fg, bg, extended: noExtended });
    const { cols } = this.#terminal;
    let count = 0;
    let end = column;
    while (end < cols) {
      const at = end * cell.words;
      const content = _data[at] as number;
      if (_data[at + 1] !== fg || _data[at + 2] !== bg || !isSimple(content) || this.#isNull(line, end)) break;
      this.#units[count++] = content & cell.codePoint;
      end += content >> cell.widthShift || 1;
    }
    if (count === 0) return column + this.#character(line, column);
    this.#text += String.fromCharCode.apply(null, this.#units.subarray(0, count) as unknown as number[]);
    return end;
  }

  /** Returns the character's width in columns. */
  #character({ _data, _combined, _extendedAttrs }: Line, column: number): number {
    const at = column * cell.words;
    const content = _data[at] as number;
    const extended = _extendedAttrs[column] ?? noExtended;
    this.#look({ fg: _data[at + 1] as number, bg: _data[at + 2] as number, extended });
    this.#text += content & cell.isCombined ? _combined[column] : String.fromCodePoint(content & cell.codePoint);
    return content >> cell.widthShift || 1;
  }

  /** What is printed next looks like this, and belongs to the same link. */
  #look(attributes: Attributes): void {
    this.#pen(attributes);
    this.#openLink(attributes.bg & backgroundFlag.hasExtended ? attributes.extended._urlId : 0);
  }

  #pen(attributes: Attributes): void {
    const { fg, bg, extended } = attributes;
    // Without the flag what is there is left over from others.
    const ext = bg & backgroundFlag.hasExtended ? extended._ext : 0;
    if (fg === this.#fg && bg === this.#bg && ext === this.#ext) return;
    this.#text += sgr(attributes);
    this.#fg = fg;
    this.#bg = bg;
    this.#ext = ext;
  }

  #openLink(link: number): void {
    if (link === this.#link) return;
    const data = this.#internals._oscLinkService.getLinkData(link);
    this.#text += data ? `\x1b]8;${data.id ? `id=${data.id}` : ''};${data.uri}\x1b\\` : '\x1b]8;;\x1b\\';
    this.#link = link;
  }

  #toSavedCursor({ savedX, savedY, ybase, savedCurAttrData }: ScreenBuffer): void {
    this.#openLink(0);
    this.#pen(savedCurAttrData);
    this.#text += `\x1b[${Math.max(0, savedY - ybase) + 1};${savedX + 1}H`;
  }

  /** Behind the last column the cursor waits for a character to wrap; only printing the last one puts it there. */
  #waitToWrap({ lines, ybase, y }: ScreenBuffer): void {
    const line = lines.get(ybase + y);
    if (!line) return;
    let column = this.#terminal.cols - 1;
    // The second half of a wide character is a cell without width.
    if (this.#isNull(line, column) && (line._data[column * cell.words] as number) >> cell.widthShift === 0) {
      column--;
      this.#text += '\b';
    }
    if (!this.#isNull(line, column)) {
      this.#character(line, column);
      return;
    }
    this.#pen({ fg: 0, bg: backgroundOf(line, column), extended: noExtended });
    this.#text += ' ';
  }

  #scrollRegion({ scrollTop, scrollBottom }: ScreenBuffer): void {
    const isWhole = scrollTop === 0 && scrollBottom === this.#terminal.rows - 1;
    if (!isWhole) this.#text += `\x1b[${scrollTop + 1};${scrollBottom + 1}r`;
  }

  /** Nothing is in the cell, or the half that a narrower terminal has left of a wide character. */
  #isNull({ _data }: Line, column: number): boolean {
    const content = _data[column * cell.words] as number;
    if ((content & cell.hasContent) === 0) return true;
    return content >> cell.widthShift === 2 && column === this.#terminal.cols - 1;
  }

  #endOfNulls(line: Line, start: number): number {
    const { cols } = this.#terminal;
    const background = backgroundOf(line, start);
    let end = start + 1;
    while (end < cols && this.#isNull(line, end) && backgroundOf(line, end) === background) end++;
    return end;
  }

  #isEmpty(line: Line | undefined): boolean {
    if (!line || line.isWrapped) return !line;
    for (let column = 0; column < this.#terminal.cols; column++) {
      if (!this.#isNull(line, column) || backgroundOf(line, column) !== 0) return false;
    }
    return true;
  }

  #tabStops({ tabs }: ScreenBuffer): void {
    const { cols } = this.#terminal;
    const columns = Array.from({ length: cols }, (_, column) => column);
    if (columns.every((column) => Boolean(tabs[column]) === (column % defaultTabWidth === 0))) return;
    const stops = columns.filter((column) => tabs[column]).map((column) => `\x1b[${column + 1}G\x1bH`);
    this.#text += `\x1b[3g${stops.join('')}`;
  }
}

/** Whether the cell holds one UTF-16 unit. */
function isSimple(content: number): boolean {
  const codePoint = content & cell.codePoint;
  return codePoint !== 0 && codePoint <= 0xffff && !(content & cell.isCombined);
}

function backgroundOf({ _data }: Line, column: number): number {
  return (_data[column * cell.words + 2] as number) & colorBits;
}

function hasSavedCursor({ savedX, savedY, savedCurAttrData: { fg, bg } }: ScreenBuffer): boolean {
  return savedX !== 0 || savedY !== 0 || fg !== 0 || bg !== 0;
}
