/** What is not committed in a checkout; paths with slashes, relative to its top. */
export interface UncommittedFiles {
  /** Files that git knows, staged or not. */
  changed: string[];
  untracked: string[];
  /** Of a merge that is not resolved. */
  conflicts: string[];
  /** Untracked folders that are repositories of their own, with a slash at the end. */
  nested: string[];
  /** Submodules with changes inside that no commit of this repository can hold. */
  submodules: string[];
}

/**
 * Reads `git status --porcelain=v2 -z --untracked-files=all --no-renames`.
 *
 * @see https://git-scm.com/docs/git-status#_porcelain_format_version_2
 */
export function parseUncommitted(output: string): UncommittedFiles {
  const files: UncommittedFiles = { changed: [], untracked: [], conflicts: [], nested: [], submodules: [] };
  for (const entry of output.split('\0')) {
    const [kind] = entry;
    if (kind === '1') addChanged(files, entry);
    else if (kind === 'u') files.conflicts.push(fieldsOf(entry, 10).file);
    else if (kind === '?') addUntracked(files, entry.slice(2));
  }
  return files;
}

function addChanged(files: UncommittedFiles, entry: string): void {
  const { fields, file } = fieldsOf(entry, 8);
  const submodule = fields[2] ?? '';
  // `S<commit><modified><untracked>`; another commit is a change like any other.
  if (/^S.(M.|.U)$/.test(submodule)) files.submodules.push(file);
  if (!submodule.startsWith('S') || submodule[1] === 'C' || !(fields[1] ?? '').startsWith('.'))
    files.changed.push(file);
}

/** Git lists the files of untracked folders one by one, but for those of other repositories. */
function addUntracked(files: UncommittedFiles, file: string): void {
  if (file.endsWith('/')) files.nested.push(file);
  else files.untracked.push(file);
}

/** The fields before a path, which may hold blanks itself. */
function fieldsOf(entry: string, count: number): { fields: string[]; file: string } {
  const parts = entry.split(' ');
  return { fields: parts.slice(0, count), file: parts.slice(count).join(' ') };
}

export function countUncommitted({ changed, untracked, conflicts }: UncommittedFiles): number {
  return changed.length + untracked.length + conflicts.length;
}
