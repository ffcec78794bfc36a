import { git, gitBytes } from './git.ts';

/** To write, read or remove all files of a large repository takes its time; milliseconds. */
export const treeTimeout = 10 * 60_000;

/** What a checkout has beside its commits, as git tells it. Paths are relative, with slashes. */
export interface WorktreeStatus {
  /** Two letters: how the file differs in the index and on disk. */
  changed: { state: string; path: string }[];
  /** A repository that lies inside ends with a slash. */
  untracked: string[];
  /** A folder that is ignored as a whole ends with a slash. */
  ignored: string[];
}

/** @see https://git-scm.com/docs/git-status#_output @throws {HoldfastError} `GIT_FAILED` */
export async function readStatus(folder: string): Promise<WorktreeStatus> {
  const args = ['status', '--porcelain=v1', '-z', '--untracked-files=all', '--ignored=matching', '--no-renames'];
  const text = await git([...args, '--ignore-submodules=none'], { cwd: folder, timeout: treeTimeout });
  const status: WorktreeStatus = { changed: [], untracked: [], ignored: [] };
  for (const entry of text.split('\0').filter(Boolean)) {
    const [state, path] = [entry.slice(0, 2), entry.slice(3)];
    if (state === '!!') status.ignored.push(path);
    else if (state === '??') status.untracked.push(path);
    else status.changed.push({ state, path });
  }
  return status;
}

/** One entry of an index. */
export interface IndexEntry {
  /** As `git ls-files -v` has it: lower case for assume-unchanged, `S` for skip-worktree. */
  tag: string;
  /** Octal digits. */
  mode: string;
  /** Full. */
  hash: string;
  /** 1 to 3 are the sides of a conflict. */
  stage: number;
  path: string;
}

const indexArgs = ['ls-files', '-v', '--stage', '-z'];

/** @see https://git-scm.com/docs/git-ls-files @throws {HoldfastError} `GIT_FAILED` */
export async function readIndex(folder: string): Promise<IndexEntry[]> {
  return parseIndex(await git(indexArgs, { cwd: folder, timeout: treeTimeout }));
}

/** The same with a letter for each byte of a path, which need not be text. */
export async function readIndexBytes(folder: string): Promise<IndexEntry[]> {
  const bytes = await gitBytes(indexArgs, { cwd: folder, timeout: treeTimeout });
  return parseIndex(Buffer.from(bytes).toString('latin1'));
}

/** Reads what `git ls-files --stage -z` prints, with the tag of `-v` or without. */
export function parseIndex(text: string): IndexEntry[] {
  return text.split('\0').flatMap((line) => {
    const [, tag = '', mode, hash, stage, path] = line.match(/^(?:(\S) )?(\d+) ([0-9a-f]+) (\d)\t(.+)$/s) ?? [];
    return mode && hash && path ? [{ tag, mode, hash, stage: Number(stage), path }] : [];
  });
}

/** Whether git takes the file for unchanged without a look. */
export function isHidden({ tag }: IndexEntry): boolean {
  return tag === 'S' || /[a-z]/.test(tag);
}

/** Whether the entry is a submodule. */
export function isGitlink({ mode }: IndexEntry): boolean {
  return mode === '160000';
}
