/** What would be lost with a worktree if there were no archive. */
export interface LostWork {
  /** Files that differ from what is checked out, and some of their paths. */
  uncommitted: CountedFiles;
  untracked: CountedFiles;
  /** Ignored files that cannot be made again. */
  ignored: CountedFiles;
  /** Commits that its base does not have, in whatever form. */
  unmerged: number;
  /** Commits that no remote has; absent where there is no remote. */
  unpushed?: number;
  /** The base, where it is gone, so that nobody knows what is merged. */
  goneBase?: string;
  /** What is under way, such as `rebase`. */
  operation?: string;
  /** Other worktrees that lie in it. */
  inside: string[];
}

export interface CountedFiles {
  count: number;
  /** Some of them, relative. */
  names: readonly string[];
}

/** How many of the ignored files that keep a worktree are named. */
const maxNamed = 3;

/** What keeps a worktree, as parts of a sentence; empty where nothing would be lost. */
export function describeLoss(loss: LostWork): string[] {
  const { uncommitted, untracked, ignored, unmerged, goneBase, operation, inside } = loss;
  return [
    ...counted(uncommitted.count, 'uncommitted file'),
    ...counted(untracked.count, 'untracked file'),
    ...(goneBase === undefined
      ? counted(unmerged, 'unmerged commit')
      : [`its base ${goneBase} is gone, so it is not known what is merged`]),
    ...counted(ignored.count, 'ignored file').map((count) => `${count}: ${namedFiles(ignored)}`),
    ...(operation === undefined ? [] : [`a ${operation} is under way`]),
    ...inside.map((folder) => `the worktree ${folder} lies in it`),
  ];
}

/** The first of them, and how many more there are. */
export function namedFiles({ count, names }: CountedFiles, most = maxNamed): string {
  const shown = names.slice(0, most);
  const more = count - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** “1 file”, “3 files”; nothing for none. */
export function counted(count: number, noun: string): string[] {
  return count === 0 ? [] : [`${count} ${noun}${count === 1 ? '' : 's'}`];
}

const operations: readonly [start: string, operation: string][] = [
  ['rebase-merge', 'rebase'],
  ['rebase-apply', 'rebase'],
  ['MERGE_HEAD', 'merge'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
  ['BISECT_LOG', 'bisect'],
];

/** What is under way in a worktree, by the names in git's own folder for it. */
export function operationOf(names: readonly string[]): string | undefined {
  return operations.find(([start]) => names.includes(start))?.[1];
}
