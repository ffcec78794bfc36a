/** What is done in a window by a command of that title, as it is typed in a shell. */
const commands: readonly (readonly [title: string, typed: (name: string) => string])[] = [
  ['Restart Session', (name) => `holdfast restart ${name}`],
  ['Holdfast: Doctor', () => 'holdfast doctor --fix'],
  ['Review Leftovers…', () => 'holdfast leftovers list'],
];

/** A sentence about a session of that name, with the shell’s commands in place of a window’s. */
export function inShell(sentence: string, name: string): string {
  return commands.reduce((text, [title, typed]) => text.replaceAll(`“${title}”`, () => `“${typed(name)}”`), sentence);
}
