import { copyFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { exists } from './exists.ts';
import { git, tryGit } from './git.ts';
import { isGitlink, parseIndex, treeTimeout } from './worktreeStatus.ts';

/** A file of git's notes that is longer than this names no objects; bytes. */
const maxNotes = 32 * 1024 * 1024;

/** What runs git about a worktree whose folder may be gone. */
export interface WorktreeGit {
  cwd: string;
  /** Before the name of the command. */
  args: readonly string[];
}

/** What an index holds, as objects of the repository. */
export interface SavedIndex {
  /** Absent where there is no index. */
  tree?: string;
  sides: { stage: number; mode: string; hash: string; path: string }[];
}

/**
 * Writes what is staged as a tree. The index itself is not touched: git works on a copy of it.
 *
 * @throws {HoldfastError} `GIT_FAILED`
 */
export async function saveIndex(gitDir: string, { cwd, args }: WorktreeGit): Promise<SavedIndex> {
  const index = path.join(gitDir, 'index');
  if (!(await exists(index))) return { sides: [] };
  const folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-index-'));
  try {
    const copy = path.join(folder, 'index');
    await copyFile(index, copy);
    const run = (command: readonly string[], input?: string) =>
      git([...args, ...durably, ...command], {
        cwd,
        timeout: treeTimeout,
        env: { GIT_INDEX_FILE: copy },
        ...(input === undefined ? {} : { input }),
      });
    const unmerged = parseIndex(await run(['ls-files', '--unmerged', '-z']));
    const resolved = parseIndex(await run(['ls-files', '--resolve-undo', '-z']));
    const paths = [...new Set(unmerged.map((entry) => entry.path))];
    const removals = paths.map((file) => `0 ${'0'.repeat(unmerged[0]?.hash.length ?? 40)}\t${file}\0`);
    if (removals.length > 0) await run(['update-index', '-z', '--index-info'], removals.join(''));
    const tree = (await run(['write-tree', '--missing-ok'])).trim();
    const sides = [...unmerged, ...resolved].filter((entry) => !isGitlink(entry));
    return { tree, sides: await existing(sides, { cwd, args }) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What git keeps of an undone resolution may have been removed as of no use. */
async function existing(sides: SavedIndex['sides'], run: WorktreeGit): Promise<SavedIndex['sides']> {
  const kinds = await kindsOf(
    sides.map(({ hash }) => hash),
    run,
  );
  return sides.filter(({ hash }) => kinds.has(hash));
}

/** Before the name of a command that writes objects or refs: they are on the disk when it ends, and no hook runs. */
export const durably: readonly string[] = ['-c', 'core.fsync=all', '-c', `core.hooksPath=${os.devNull}`];

/** What git's notes of a worktree name. */
export interface NamedObjects {
  /** Commits that nothing but these notes leads to. */
  commits: string[];
  /** Trees and blobs. */
  others: { hash: string; kind: 'tree' | 'blob' }[];
}

/**
 * The objects that are named by files such as a reflog or the state of a rebase.
 *
 * @param known Commits that are kept already, with all they lead to.
 */
export async function findNamedObjects(
  files: readonly string[],
  known: readonly string[],
  run: WorktreeGit,
): Promise<NamedObjects> {
  const named = new Set<string>();
  for (const file of files) for (const hash of await hashesIn(file)) named.add(hash);
  const kinds = await kindsOf([...named], run);
  const of = (kind: string) => [...kinds].filter(([, found]) => found === kind).map(([hash]) => hash);
  const commits = await independent(of('commit'), known, run);
  const others = (['tree', 'blob'] as const).flatMap((kind) => of(kind).map((hash) => ({ hash, kind })));
  return { commits, others };
}

async function hashesIn(file: string): Promise<string[]> {
  const entry = await stat(file).catch(() => undefined);
  if (!entry?.isFile() || entry.size > maxNotes) return [];
  const text = await readFile(file, 'latin1');
  const found = text.match(/(?<![0-9a-zA-Z])(?:[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-zA-Z])/g) ?? [];
  return found.filter((hash) => !/^0+$/.test(hash));
}

async function kindsOf(hashes: readonly string[], { cwd, args }: WorktreeGit): Promise<Map<string, string>> {
  if (hashes.length === 0) return new Map();
  const input = hashes.map((hash) => `${hash}\n`).join('');
  const check = ['cat-file', '--batch-check=%(objectname) %(objecttype)'];
  const text = await git([...args, ...check], { cwd, input, env: { GIT_NO_LAZY_FETCH: '1' }, timeout: treeTimeout });
  const lines = text.split('\n').map((line) => line.split(' ') as [string, string?]);
  return new Map(lines.flatMap(([hash, kind]) => (kind && kind !== 'missing' ? [[hash, kind]] : [])));
}

/** Those that neither another one nor what is known leads to. */
async function independent(commits: readonly string[], known: readonly string[], run: WorktreeGit): Promise<string[]> {
  if (commits.length === 0) return [];
  const all = await headsOf(commits, known, run);
  if (all !== undefined) return all;
  // Of an old reflog something may be gone, and a ref to what is not whole would stop git's own clean-up.
  const whole: string[] = [];
  for (const commit of commits) if (await headsOf([commit], known, run)) whole.push(commit);
  return (await headsOf(whole, known, run)) ?? [];
}

/** Undefined where not all of what they lead to is there. */
async function headsOf(
  commits: readonly string[],
  known: readonly string[],
  { cwd, args }: WorktreeGit,
): Promise<string[] | undefined> {
  if (commits.length === 0) return [];
  const input = [...commits, ...known.map((hash) => `^${hash}`)].map((line) => `${line}\n`).join('');
  const text = await tryGit([...args, 'rev-list', '--parents', '--stdin'], { cwd, input, timeout: treeTimeout });
  if (text === undefined) return undefined;
  const lines = text.split('\n').filter(Boolean);
  const parents = new Set(lines.flatMap((line) => line.split(' ').slice(1)));
  return lines.map((line) => line.split(' ')[0] as string).filter((hash) => !parents.has(hash));
}
