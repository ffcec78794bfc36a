import stringWidth from 'string-width';
import type { TerminalSize } from '../protocol/hostMessages.ts';

/** One row of the screen: a string for each column, empty for the second column of a wide character. */
interface Row {
  cells: string[];
  /** The row goes on with the line of the row above it. */
  isContinued: boolean;
}

/** A line longer than this many rows is cut, so that output without line breaks cannot fill the memory. */
const maxLineRows = 1_000;

/** The characters of a screen and its cursor. What scrolls off the top is taken out as lines of text. */
export class TextGrid {
  size: TerminalSize = { cols: 80, rows: 24 };
  readonly #maxRows: number;
  readonly #done: string[] = [];
  #rows: Row[] = [emptyRow()];
  #row = 0;
  #column = 0;

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  put(text: string): void {
    for (const character of text) {
      const width = character < '\x7f' ? 1 : stringWidth(character);
      if (width === 0) this.#combine(character);
      else this.#putOne(character, width);
    }
  }

  moveBy(rows: number, columns: number): void {
    this.#moveToRow(this.#row + rows);
    this.toColumn(this.#column + columns);
  }

  /** Counted from 0, within the screen. */
  moveTo(row: number, column: number): void {
    this.#moveToRow(this.#top + row);
    this.toColumn(column);
  }

  toColumn(column: number): void {
    this.#column = Math.min(Math.max(0, column), this.size.cols - 1);
  }

  toNextTab(): void {
    this.toColumn((Math.floor(this.#column / 8) + 1) * 8);
  }

  eraseToLineEnd(): void {
    this.#cells.length = Math.min(this.#cells.length, this.#column);
    const below = this.#rows[this.#row + 1];
    if (below) below.isContinued = false;
  }

  eraseToLineStart(): void {
    this.#cells.fill(' ', 0, this.#column + 1);
  }

  eraseLine(): void {
    this.#cells.length = 0;
    this.eraseToLineEnd();
  }

  eraseBelow(): void {
    this.eraseToLineEnd();
    this.#rows.length = this.#row + 1;
  }

  deleteCells(count: number): void {
    this.#cells.splice(this.#column, count);
  }

  insertCells(count: number): void {
    this.#cells.splice(this.#column, 0, ...Array<string>(Math.min(count, this.size.cols)).fill(' '));
  }

  /** Begins with an empty screen; what was on it counts as scrolled off. */
  clear(): void {
    const used = this.#rows.findLastIndex(({ cells }) => cells.some((cell) => cell.trim())) + 1;
    this.#done.push(...toLines(this.#rows.slice(0, used)));
    this.#rows = [emptyRow()];
    this.#row = 0;
    this.#column = 0;
  }

  /** The lines that have scrolled off since the last call. */
  takeLines(): string[] {
    let cut = Math.max(0, this.#row + 1 - this.#height);
    while (cut > 0 && cut < maxLineRows && this.#rows[cut]?.isContinued) cut--;
    this.#done.push(...toLines(this.#rows.splice(0, cut)));
    this.#row -= cut;
    return this.#done.splice(0);
  }

  get #cells(): string[] {
    return (this.#rows[this.#row] as Row).cells;
  }

  get #height(): number {
    return Math.min(this.#maxRows, this.size.rows);
  }

  get #top(): number {
    return Math.max(0, this.#rows.length - this.#height);
  }

  #moveToRow(row: number): void {
    this.#row = Math.max(this.#top, row);
    while (this.#rows.length <= this.#row) this.#rows.push(emptyRow());
  }

  #putOne(character: string, width: number): void {
    if (this.#column + width > this.size.cols) this.#wrap();
    const cells = this.#cells;
    while (cells.length < this.#column) cells.push(' ');
    cells[this.#column] = character;
    if (width === 2) cells[this.#column + 1] = '';
    this.#column += width;
  }

  #combine(mark: string): void {
    const last = this.#cells.slice(0, this.#column).findLastIndex(Boolean);
    if (last >= 0) this.#cells[last] += mark;
  }

  #wrap(): void {
    this.#moveToRow(this.#row + 1);
    this.#column = 0;
    (this.#rows[this.#row] as Row).isContinued = true;
  }
}

function emptyRow(): Row {
  return { cells: [], isContinued: false };
}

/** Joins rows that go on with the one above; blanks at the end of a line say nothing. */
function toLines(rows: readonly Row[]): string[] {
  const lines: string[] = [];
  for (const { cells, isContinued } of rows) {
    const text = cells.join('');
    if (isContinued && lines.length > 0) lines[lines.length - 1] += text;
    else lines.push(text);
  }
  return lines.map((line) => line.trimEnd());
}
