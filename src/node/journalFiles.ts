import { readdir, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { isMissing } from './durableFile.ts';

/** The file that is appended to. */
export function journalFile(folder: string): string {
  return path.join(folder, 'events.journal');
}

/** The full files, oldest first: `events.1.journal` came before `events.2.journal`. */
export async function fullJournalFiles(folder: string): Promise<string[]> {
  return (await numbersIn(folder)).map((number) => numbered(folder, number));
}

/** Makes room for a new file, and deletes the oldest ones over `maxFiles`, the new one included. */
export async function rotateJournal(folder: string, maxFiles: number): Promise<void> {
  const numbers = await numbersIn(folder);
  const next = (numbers.at(-1) ?? 0) + 1;
  await rename(journalFile(folder), numbered(folder, next));
  const surplus = numbers.slice(0, Math.max(0, numbers.length + 2 - maxFiles));
  // One that cannot be deleted now is among the surplus of the next time.
  await Promise.allSettled(surplus.map((number) => unlink(numbered(folder, number))));
}

function numbered(folder: string, number: number): string {
  return path.join(folder, `events.${number}.journal`);
}

async function numbersIn(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const numbers = names.map((name) => Number(/^events\.([1-9]\d*)\.journal$/.exec(name)?.[1]));
  return numbers.filter(Number.isSafeInteger).sort((a, b) => a - b);
}
