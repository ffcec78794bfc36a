import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import type { Style } from './output.ts';

export interface Cell {
  text: string;
  style?: Style;
}

export interface TableOptions {
  /** Columns of the terminal, to which the last column is cut; absent, nothing is cut. */
  width?: number | undefined;
  paint: (style: Style | undefined, text: string) => string;
}

const gap = '  ';

/** The least that is left of a last column that has to be cut. */
const minLastWidth = 8;

/** Lines with the columns aligned by what the characters take up on the screen. */
export function formatTable(rows: readonly (readonly Cell[])[], { width, paint }: TableOptions): string[] {
  const plain = rows.map((row) => row.map((cell) => ({ ...cell, text: oneLine(cell.text) })));
  const widths = columnWidths(plain);
  const last = widths.length - 1;
  const before = widths.slice(0, last).reduce((sum, column) => sum + column + gap.length, 0);
  const lastWidth = width === undefined ? Number.POSITIVE_INFINITY : Math.max(minLastWidth, width - before);
  return plain.map((row) => {
    const cells = row.map(({ text, style }, column) => {
      if (column === last) return paint(style, cut(text, lastWidth));
      return paint(style, text) + ' '.repeat((widths[column] as number) - stringWidth(text));
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
