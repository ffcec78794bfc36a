/** A file that two branches have changed so that git cannot put both changes together. */
export interface MergeConflict {
  /** Relative to the top of the repository, with slashes. */
  file: string;
  /** Why, in git’s words: “Merge conflict in a.txt”. */
  what: string;
  /** The subject of the commit that does not fit; only where commits are put on top one by one. */
  commit?: string;
}

/** What came of a merge that touched nothing. */
export interface MergedTree {
  /** Full hash; with conflicts, of a tree whose files hold conflict markers. */
  tree: string;
  conflicts: MergeConflict[];
}

/**
 * Reads what `git merge-tree --write-tree -z --name-only --messages` prints.
 *
 * @see https://git-scm.com/docs/git-merge-tree#OUTPUT
 */
export function parseMergeTree(output: string): MergedTree {
  const [tree = '', ...fields] = output.split('\0');
  const end = fields.indexOf('');
  const files = [...new Set(fields.slice(0, end))];
  const reasons = reasonsIn(fields.slice(end + 1));
  return { tree, conflicts: files.map((file) => ({ file, what: reasons.get(file) ?? 'it is in conflict' })) };
}

/** The first conflict that names each file: a count of paths, the paths, the kind and the message, again and again. */
function reasonsIn(fields: readonly string[]): Map<string, string> {
  const reasons = new Map<string, string>();
  for (let at = 0; at + 2 < fields.length; ) {
    const count = Number(fields[at]);
    const [kind = '', message = ''] = fields.slice(at + 1 + count);
    if (kind.startsWith('CONFLICT')) {
      for (const file of fields.slice(at + 1, at + 1 + count))
        if (!reasons.has(file)) reasons.set(file, withoutKind(message));
    }
    at += count + 3;
  }
  return reasons;
}

function withoutKind(message: string): string {
  return message.trim().replace(/^CONFLICT \([^)]*\): /, '');
}
