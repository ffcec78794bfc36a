export interface WorktreeFolders {
  /** Those that git knows, relative to the worktree with `/`. */
  known: readonly string[];
  /** Files that differ from the base, committed or not. */
  changed: Iterable<string>;
}

/**
 * Which folders of a worktree are watched, `''` for its top: those in which something was changed, for there more is
 * likely to be, and then the others from the top down. What git ignores is in none of them but by chance.
 *
 * @param room how many may be watched
 */
export function foldersToWatch({ known, changed }: WorktreeFolders, room: number): string[] {
  const worked = [...changed].flatMap(foldersOf);
  const others = [...known].sort((a, b) => depthOf(a) - depthOf(b));
  return [...new Set(['', ...worked, ...others])].slice(0, Math.max(1, room));
}

/** `a/b/c` is in `a/b` and `a`. */
export function foldersOf(file: string): string[] {
  const folders: string[] = [];
  for (let at = file.lastIndexOf('/'); at > 0; at = file.lastIndexOf('/', at - 1)) folders.push(file.slice(0, at));
  return folders;
}

function depthOf(folder: string): number {
  return folder.split('/').length;
}
