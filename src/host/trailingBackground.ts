import type { IBuffer, IBufferCell, Terminal } from '@xterm/headless';

/**
 * Control sequences that paint the backgrounds of the rows below the last text, which the serialize add-on
 * leaves out; the cursor and its colours are then as before. Empty where there are none.
 */
export function paintTrailingBackground({ buffer, cols, rows }: Terminal): string {
  const { active } = buffer;
  let paint = '';
  for (let row = rows - 1; row >= 0 && isEmpty(active, row, cols); row--) paint += paintRow(active, row, cols);
  return paint && `\x1b7${paint}\x1b8`;
}

/** Blanks that were printed are text, and may be underlined. */
function isEmpty(buffer: IBuffer, row: number, cols: number): boolean {
  const line = buffer.getLine(buffer.baseY + row);
  for (let column = 0; column < cols; column++) if (line?.getCell(column)?.getChars()) return false;
  return true;
}

function paintRow(buffer: IBuffer, row: number, cols: number): string {
  const line = buffer.getLine(buffer.baseY + row);
  let text = '';
  for (let start = 0, end = 0; start < cols; start = end) {
    const background = backgroundOf(line?.getCell(start));
    for (end = start + 1; end < cols && backgroundOf(line?.getCell(end)) === background; end++);
    if (background) text += `\x1b[${row + 1};${start + 1}H\x1b[0;${background}m\x1b[${end - start}X`;
  }
  return text;
}

/** As a parameter of SGR; empty for the terminal's own. */
function backgroundOf(cell: IBufferCell | undefined): string {
  if (!cell || cell.isBgDefault()) return '';
  const colour = cell.getBgColor();
  if (cell.isBgPalette() && colour < 16) return String(colour < 8 ? 40 + colour : 92 + colour);
  if (cell.isBgPalette()) return `48;5;${colour}`;
  return `48;2;${(colour >> 16) & 255};${(colour >> 8) & 255};${colour & 255}`;
}
