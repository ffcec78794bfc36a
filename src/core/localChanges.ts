import type { FileChange } from './mergePlan.ts';

/** Reads `git diff-tree -r -z --no-renames --name-status`. @see https://git-scm.com/docs/git-diff-tree */
export function parseChanges(output: string): FileChange[] {
  const fields = output.split('\0');
  const changes: FileChange[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2)
    changes.push({ kind: kindOf(fields[at] as string), file: fields[at + 1] as string });
  return changes;
}

function kindOf(status: string): FileChange['kind'] {
  if (status === 'A') return 'added';
  return status === 'D' ? 'deleted' : 'changed';
}

/** The files of `git status --porcelain=v1 -z --no-renames`, whatever became of them. */
export function parseStatusFiles(output: string): string[] {
  const entries = output.split('\0').filter(Boolean);
  return entries.map((entry) => entry.slice(3));
}

/** Those of `dirty` that the changes would touch. */
export function changedBoth(dirty: readonly string[], changes: readonly FileChange[]): string[] {
  const touched = new Set(changes.map(({ file }) => file));
  return dirty.filter((file) => touched.has(file));
}

/**
 * Whether something that git does not know is in the place of a file that is added. A deleted file makes room, also
 * where it has the same name in other case, or lies where a folder is needed, or in a folder of that name.
 *
 * @param ignoresCase of the file system
 */
export function makesRoom(added: string, changes: readonly FileChange[], ignoresCase: boolean): boolean {
  const fold = (file: string) => (ignoresCase ? file.toLowerCase() : file);
  const wanted = fold(added);
  return changes.some(({ kind, file }) => {
    if (kind !== 'deleted') return false;
    const gone = fold(file);
    return gone === wanted || wanted.startsWith(`${gone}/`) || gone.startsWith(`${wanted}/`);
  });
}
