import { randomBytes } from 'node:crypto';
import { lstat, readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { isMissing } from './durableFile.ts';
import { renameOver } from './renameFile.ts';

/** A file beside the journal that was not written to for so long is nobody's any more; milliseconds. */
const asideAge = 24 * 3_600_000;

/** The file that is appended to. */
export function journalFile(folder: string): string {
  return path.join(folder, 'events.journal');
}

/** The full files, oldest first: `events.1.journal` came before `events.2.journal`. */
export async function fullJournalFiles(folder: string): Promise<string[]> {
  return (await numbersIn(folder)).map((number) => numbered(folder, number));
}

/** A new name for a file that one window alone appends to. */
export function asideFile(folder: string): string {
  return path.join(folder, `events.aside-${randomBytes(8).toString('hex')}.journal`);
}

/** What windows have written without the lock and not taken in yet. */
export async function asideFiles(folder: string): Promise<string[]> {
  const names = (await namesIn(folder)).filter((name) => /^events\.aside-[0-9a-f]+\.journal$/.test(name));
  return names.sort().map((name) => path.join(folder, name));
}

/**
 * Makes room for a new file, and deletes the oldest ones over `maxFiles`, the new one included. What a window has left
 * beside the journal becomes one of its files.
 */
export async function rotateJournal(folder: string, maxFiles: number): Promise<void> {
  const numbers = await numbersIn(folder);
  const added = [journalFile(folder), ...(await leftAside(folder))];
  for (const [index, file] of added.entries())
    await renameOver(file, numbered(folder, (numbers.at(-1) ?? 0) + 1 + index));
  const surplus = numbers.slice(0, Math.max(0, numbers.length + added.length + 1 - maxFiles));
  // One that cannot be deleted now is among the surplus of the next time.
  await Promise.allSettled(surplus.map((number) => unlink(numbered(folder, number))));
}

function numbered(folder: string, number: number): string {
  return path.join(folder, `events.${number}.journal`);
}

/** A window that hangs and writes on has its file under the other name then. */
async function leftAside(folder: string): Promise<string[]> {
  const left: string[] = [];
  for (const file of await asideFiles(folder)) {
    const { mtimeMs } = await lstat(file);
    if (Date.now() - mtimeMs > asideAge) left.push(file);
  }
  return left;
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
}

async function numbersIn(folder: string): Promise<number[]> {
  const names = await namesIn(folder);
  const numbers = names.map((name) => Number(/^events\.([1-9]\d*)\.journal$/.exec(name)?.[1]));
  return numbers.filter(Number.isSafeInteger).sort((a, b) => a - b);
}
