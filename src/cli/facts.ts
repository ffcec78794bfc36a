import { age } from '../core/presentation.ts';
import { paint, print } from './output.ts';
import { type Cell, formatTable } from './table.ts';

export type Fact = [label: string, text: string];

/** Prints facts, one a line. */
export function printFacts(facts: readonly Fact[]): void {
  const rows = facts.map(([label, text]): Cell[] => [{ text: label, style: 'dim' }, { text }]);
  for (const line of formatTable(rows, { paint })) print(line);
}

export function since(time: string, now: Date): string {
  const text = age(time, now);
  return text === 'now' ? 'less than a minute' : text;
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
