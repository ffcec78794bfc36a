import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { type ColumnFit, fitColumns, gap } from './columnWidths.ts';
import type { Style } from './output.ts';

export interface Cell {
  text: string;
  style?: Style;
}

export interface TableOptions {
  /** The terminal's width and what becomes of the columns there; absent, nothing is cut. */
  fit?: { width: number; columns: readonly ColumnFit[] } | undefined;
  paint: (style: Style | undefined, text: string) => string;
}

/** Lines with the columns aligned by what the characters take up on the screen. */
export function formatTable(rows: readonly (readonly Cell[])[], { fit, paint }: TableOptions): string[] {
  const plain = rows.map((row) => row.map((cell) => ({ ...cell, text: oneLine(cell.text) })));
  const natural = columnWidths(plain);
  const widths = fit ? fitColumns(natural, fit.columns, fit.width) : natural;
  return plain.map((row) => {
    const cells = row.flatMap(({ text, style }, column) => {
      const width = widths[column] as number;
      if (width === 0) return [];
      const shown = cut(text, width);
      return [paint(style, shown) + ' '.repeat(width - stringWidth(shown))];
    });
    return cells.join(gap).trimEnd();
  });
}

function columnWidths(rows: readonly (readonly Cell[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach(({ text }, column) => {
      widths[column] = Math.max(widths[column] ?? 0, stringWidth(text));
    });
  }
  return widths;
}

/** A command may hold line breaks and control characters, which must not reach the terminal. */
function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}

/** How much of a name a sentence holds; cells of a terminal. */
const nameWidth = 60;

/** A name from a file, which can be of any length, for a sentence. */
export function shortened(name: string): string {
  return cut(oneLine(name), nameWidth);
}

const graphemes = new Intl.Segmenter();

function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    if (stringWidth(kept + segment) > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}
