import path from 'node:path';
import type { WatchedFolder } from './folderWatches.ts';

/**
 * The folders in which git writes these branches when they move, also where they were packed, and are files of their
 * own then; each once.
 *
 * @param branches short names, of the repository's own branches or of remotes'
 */
export function refFolders(commonDir: string, branches: readonly string[]): Omit<WatchedFolder, 'onChange'>[] {
  const files = [
    ...branches.filter(Boolean).flatMap((name) => refFiles(commonDir, name)),
    path.join(commonDir, 'packed-refs'),
    path.join(commonDir, 'reftable', 'tables.list'),
  ];
  const names = new Map<string, Set<string>>();
  for (const file of files) {
    const folder = path.dirname(file);
    names.set(folder, (names.get(folder) ?? new Set()).add(path.basename(file)));
  }
  return [...names].map(([folder, those]) => ({ folder, names: [...those], isOptional: true }));
}

/** That of the branch, and those of the folders that it lies in, which are not there while it is packed. */
function refFiles(commonDir: string, name: string): string[] {
  const parts = name.split('/');
  return ['heads', 'remotes'].flatMap((kind) =>
    parts.map((_, index) => path.join(commonDir, 'refs', kind, ...parts.slice(0, index + 1))),
  );
}
