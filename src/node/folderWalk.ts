import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** What is at a path below a folder; `other` is a socket, a pipe or a device, `empty` a folder with nothing in it. */
export interface WalkedEntry {
  /** Relative to where the walk began, with slashes. */
  path: string;
  kind: 'file' | 'link' | 'empty' | 'other';
}

/**
 * Everything below `start`, in the order of names; links are not followed.
 *
 * @param start A folder inside `top`, relative and with slashes; empty for `top` itself.
 * @param skip Whether a folder is left out, by its path.
 * @throws where a folder cannot be read: what it holds is not known.
 */
export async function* walkFolder(
  top: string,
  start = '',
  skip: (folder: string) => boolean = () => false,
): AsyncGenerator<WalkedEntry> {
  const entries = await readdir(path.join(top, start), { withFileTypes: true });
  if (entries.length === 0 && start) yield { path: start, kind: 'empty' };
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const below = start ? `${start}/${entry.name}` : entry.name;
    if (!entry.isDirectory()) yield { path: below, kind: kindOf(entry) };
    else if (!skip(below)) yield* walkFolder(top, below, skip);
  }
}

function kindOf(entry: Dirent): WalkedEntry['kind'] {
  if (entry.isFile()) return 'file';
  return entry.isSymbolicLink() ? 'link' : 'other';
}
