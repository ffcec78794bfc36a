/** What becomes of a column where the terminal is too narrow for all of it. */
export interface ColumnFit {
  /** The width to which it may be cut; absent, it is never cut. */
  least?: number;
  /** The place in the order in which columns are left out; absent, it never is. */
  leftOut?: number;
}

/** What lies between two columns. */
export const gap = '  ';

/**
 * The widths that columns get so that a line fits into `width`: the widest are cut first, and columns are left
 * out where cutting is not enough. Zero stands for a column that is left out. What may be neither cut nor left
 * out stays, though a line is then longer.
 */
export function fitColumns(natural: readonly number[], fits: readonly ColumnFit[], width: number): number[] {
  const least = natural.map((size, column) => Math.min(size, fits[column]?.least ?? size));
  const leftOut = columnsToLeaveOut(least, fits, width);
  const widths = natural.map((size, column) => (leftOut.has(column) ? 0 : size));
  for (let excess = lineWidth(widths) - width; excess > 0; excess--) {
    const widest = widestOver(widths, least);
    if (widest === undefined) break;
    (widths[widest] as number)--;
  }
  return widths;
}

function columnsToLeaveOut(least: readonly number[], fits: readonly ColumnFit[], width: number): Set<number> {
  const order = [...fits.entries()]
    .filter(([, { leftOut }]) => leftOut !== undefined)
    .sort(([, one], [, other]) => (one.leftOut ?? 0) - (other.leftOut ?? 0));
  const gone = new Set<number>();
  for (const [column] of order) {
    if (lineWidth(least.map((size, index) => (gone.has(index) ? 0 : size))) <= width) break;
    gone.add(column);
  }
  return gone;
}

function widestOver(widths: readonly number[], least: readonly number[]): number | undefined {
  const room = widths.map((size, column) => (size > (least[column] ?? 0) ? size : 0));
  const widest = Math.max(...room);
  return widest > 0 ? room.lastIndexOf(widest) : undefined;
}

function lineWidth(widths: readonly number[]): number {
  const shown = widths.filter((size) => size > 0);
  return shown.reduce((sum, size) => sum + size, 0) + gap.length * Math.max(0, shown.length - 1);
}
