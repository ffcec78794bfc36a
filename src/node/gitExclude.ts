import { appendFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { isMissing } from './durableFile.ts';

/** Keeps what a line of `.gitignore` matches out of the status of all checkouts of this clone, and of no other. */
export async function excludeFromClone(commonDir: string, line: string): Promise<void> {
  const file = path.join(commonDir, 'info', 'exclude');
  const current = await readFile(file, 'utf8').catch((error) => {
    if (isMissing(error)) return '';
    throw error;
  });
  const covering = coveringLines(line);
  if (current.split(/\r?\n/).some((known) => covering.includes(known))) return;
  await mkdir(path.dirname(file), { recursive: true });
  await appendFile(file, `${current && !current.endsWith('\n') ? '\n' : ''}${line}\n`);
}

/** The line itself, and those that leave out a folder around what it matches: `/a/` for `/a/b/`. */
function coveringLines(line: string): string[] {
  const parts = line.split('/').slice(1);
  const around = parts.slice(0, -1).map((_, index) => `/${parts.slice(0, index + 1).join('/')}/`);
  return line.startsWith('/') ? [line, ...around] : [line];
}

/** The line that matches this one path, which has slashes and is relative to the root. @see https://git-scm.com/docs/gitignore */
export function excludeLineOf(file: string): string {
  return `/${file.replace(/[\\*?[\]]/g, '\\$&').replace(/ +$/, (spaces) => '\\ '.repeat(spaces.length))}`;
}
