import type { ColumnFit } from './columnWidths.ts';
import { paint, print } from './output.ts';
import { type Cell, formatTable } from './table.ts';

/** A column of a table that is printed, and what becomes of it on a narrow terminal. */
export interface Column extends ColumnFit {
  heading: string;
}

/** Prints rows under the headings of their columns, cut to the width of the terminal where there is one. */
export function printTable(columns: readonly Column[], rows: readonly Cell[][]): void {
  const heading = columns.map(({ heading: text }): Cell => ({ text, style: 'dim' }));
  // Terminals that nobody has given a size say zero.
  const width = process.stdout.isTTY ? process.stdout.columns : 0;
  const fit = width > 0 ? { width, columns } : undefined;
  for (const line of formatTable([heading, ...rows], { fit, paint })) print(line);
}
