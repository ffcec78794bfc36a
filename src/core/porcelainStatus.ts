/** What `git status` says of a worktree. */
export interface PorcelainStatus {
  /** A full hash; null before the first commit. */
  head: string | null;
  /** Null with a detached HEAD. */
  branch: string | null;
  changed: number;
  staged: number;
  untracked: number;
  conflicted: number;
  /** Each file once; of a renamed one both names. */
  paths: string[];
  /** Each file once; a renamed one counts as one. */
  uncommitted: number;
}

/**
 * Reads `git status --porcelain=v2 --branch -z`.
 *
 * @see https://git-scm.com/docs/git-status#_porcelain_format_version_2
 */
export function parseStatus(text: string): PorcelainStatus {
  const status: PorcelainStatus = {
    head: null,
    branch: null,
    changed: 0,
    staged: 0,
    untracked: 0,
    conflicted: 0,
    paths: [],
    uncommitted: 0,
  };
  const entries = text.split('\0');
  const deleted = new Set<string>();
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index] ?? '';
    // The former name of a renamed file is an entry of its own.
    if (entry.startsWith('2 ')) status.paths.push(entries[++index] ?? '');
    readEntry(status, entry, deleted);
  }
  return status;
}

/** How many fields stand before the path; a path may hold spaces. */
const fieldsBefore: Readonly<Record<string, number>> = { '1': 8, '2': 9, u: 10, '?': 1 };

/** @param deleted from the index; of such a file that is still there git tells once more, as of an untracked one */
function readEntry(status: PorcelainStatus, entry: string, deleted: Set<string>): void {
  const kind = entry.slice(0, 1);
  if (kind === '#') readHeader(status, entry);
  const count = fieldsBefore[kind];
  if (count === undefined) return;
  const file = entry.split(' ').slice(count).join(' ');
  if (entry.startsWith('1 D')) deleted.add(file);
  if (kind !== '?' || !deleted.has(file)) {
    status.paths.push(file);
    status.uncommitted++;
  }
  if (kind === '?') status.untracked++;
  else if (kind === 'u') status.conflicted++;
  else countSides(status, entry);
}

/** `XY`: X is what is staged, Y what on disk differs from that; a point is nothing. */
function countSides(status: PorcelainStatus, entry: string): void {
  if (entry[2] !== '.') status.staged++;
  if (entry[3] !== '.') status.changed++;
}

function readHeader(status: PorcelainStatus, entry: string): void {
  const [, name, value = ''] = /^# (\S+) (.*)$/s.exec(entry) ?? [];
  if (name === 'branch.oid') status.head = value === '(initial)' ? null : value;
  if (name === 'branch.head') status.branch = value === '(detached)' ? null : value;
}
