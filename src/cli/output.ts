import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'blue' | 'gray';

/** Prints text and a line break to standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

/** `text` in a style where standard output is a terminal that shows it and the user has not set NO_COLOR. */
export function paint(style: Style | undefined, text: string): string {
  const hasColors = process.stdout.isTTY && process.stdout.hasColors();
  return style && hasColors ? styleText(style, text) : text;
}
