/** One file that differs between a commit and a worktree. */
export interface FileDiff {
  /** Relative to the worktree, with `/`. */
  path: string;
  /** Its name in the commit where that is another one. */
  formerPath?: string;
  kind: 'added' | 'changed' | 'deleted' | 'renamed';
  /** On disk a symbolic link, whose text is compared. */
  isLink?: true;
}

const submodule = '160000';
const link = '120000';

/**
 * Reads `git diff --raw -z`; submodules are left out. Of a file with conflicts git tells two times.
 *
 * @see https://git-scm.com/docs/git-diff#_raw_output_format
 */
export function parseRawDiff(text: string): FileDiff[] {
  const fields = text.split('\0');
  const found = new Map<string, FileDiff>();
  for (let index = 0; index < fields.length; ) {
    const meta = fields[index++] ?? '';
    if (!meta.startsWith(':')) continue;
    const [before = '', after = '', , , letters = ''] = meta.slice(1).split(' ');
    const isRenamed = /^[RC]/.test(letters);
    const first = fields[index++] ?? '';
    const path = isRenamed ? (fields[index++] ?? '') : first;
    if (before === submodule || after === submodule) continue;
    const known = found.get(path);
    // “U” alone says no more than that there are conflicts.
    if (known && letters.startsWith('U')) continue;
    const isLink = after === link;
    const former = isRenamed ? { formerPath: first } : {};
    found.set(path, { path, ...former, kind: kindOf(letters), ...(isLink ? { isLink } : {}) });
  }
  return [...found.values()];
}

function kindOf(letters: string): FileDiff['kind'] {
  if (letters.startsWith('R')) return 'renamed';
  if (letters.startsWith('A') || letters.startsWith('C')) return 'added';
  return letters.startsWith('D') ? 'deleted' : 'changed';
}
