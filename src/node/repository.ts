import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { delay } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { isSessionLock } from '../core/worktreeLockReason.ts';
import { exists } from './exists.ts';
import { checkGitVersion, git, gitMessage, tryGit } from './git.ts';
import { repositoryKey } from './places.ts';

/** A git repository as seen from one of its checkouts. */
export interface GitRepository {
  kind: 'git';
  key: string;
  /** The main checkout; for a bare repository its own folder. Absolute. */
  root: string;
  /** Shared by all worktrees. Absolute, real. */
  commonDir: string;
}

/** A folder without git, in which sessions run side by side with no worktrees of their own. */
export interface PlainFolder {
  kind: 'folder';
  key: string;
  root: string;
}

export type Workplace = GitRepository | PlainFolder;

/**
 * The repository that `folder` belongs to, from anywhere inside it or inside one of its worktrees; a plain
 * folder where there is none.
 *
 * @throws {HoldfastError} `GIT_MISSING`, `GIT_TOO_OLD`, `NO_FOLDER`, `GIT_FAILED` for a repository that git refuses
 */
export async function findWorkplace(folder: string): Promise<Workplace> {
  await requireFolder(folder);
  await checkGitVersion(folder);
  const dirs = await findGitDirs(folder);
  if (!dirs) return plainFolder(await realpath(folder));
  const commonDir = await realpath(dirs.commonDir);
  return { kind: 'git', key: repositoryKey(commonDir), commonDir, root: await mainCheckout(folder, dirs) };
}

/** Keyed as the repository that it may become, so that its sessions stay with it when it does. */
function plainFolder(root: string): PlainFolder {
  return { kind: 'folder', key: repositoryKey(path.join(root, '.git')), root };
}

interface GitDirs {
  /** Of this checkout. */
  gitDir: string;
  commonDir: string;
}

/** Undefined only where there plainly is no repository: one that git refuses must not pass for none. */
async function findGitDirs(folder: string): Promise<GitDirs | undefined> {
  try {
    const text = await git(['rev-parse', '--path-format=absolute', '--git-dir', '--git-common-dir'], { cwd: folder });
    const [gitDir = '', commonDir = ''] = text.split(/\r?\n/);
    return { gitDir: path.normalize(gitDir), commonDir: path.normalize(commonDir) };
  } catch (error) {
    if (/not a git repository \(or any/.test(gitMessage(error))) return undefined;
    throw error;
  }
}

/** The list of worktrees is wrong about it where git's folder lies elsewhere, as that of a submodule does. */
async function mainCheckout(folder: string, { gitDir, commonDir }: GitDirs): Promise<string> {
  const cwd = gitDir === commonDir ? folder : commonDir;
  const top = await tryGit(['rev-parse', '--show-toplevel'], { cwd });
  if (top) return path.normalize(chomp(top));
  const [main] = await listWorktrees(folder);
  return main?.path ?? path.dirname(commonDir);
}

/** One entry of `git worktree list --porcelain`. */
export interface WorktreeEntry {
  path: string;
  head?: string;
  /** Without `refs/heads/`; absent with a detached HEAD and for a bare repository. */
  branch?: string;
  /** Why it must not be removed, `initializing` while git makes it; present where it is locked by others than sessions. */
  lockReason?: string;
  /** It is locked for its session, which is ours to end. */
  isSessions?: true;
  /** Why git would forget it, such as that its folder is gone; present where it would. */
  prunableReason?: string;
  /** A commit is checked out, but no branch. */
  isDetached?: true;
  /** The repository itself, which has no files checked out. */
  isBare?: true;
}

/** How long to wait before each further attempt to list worktrees; milliseconds. */
const pauses = [10, 50, 200];

/** The worktrees of a repository, the main checkout first; those whose folder is gone are among them. */
export async function listWorktrees(cwd: string): Promise<WorktreeEntry[]> {
  const entries = parseWorktrees(await readWorktrees(cwd));
  return Promise.all(entries.map(withoutSessionLock));
}

/** Git fails while another git has not written all of its notes about a worktree that it is adding or removing. */
async function readWorktrees(cwd: string): Promise<string> {
  for (const pause of pauses) {
    try {
      // Git before 2.36 cannot end a line but with a newline, which a path may hold.
      const text = await tryGit(['worktree', 'list', '--porcelain', '-z'], { cwd });
      return text ?? (await git(['worktree', 'list', '--porcelain'], { cwd }));
    } catch (error) {
      if (!/failed to read .*worktrees/.test(gitMessage(error))) throw error;
      await delay(pause);
    }
  }
  return git(['worktree', 'list', '--porcelain'], { cwd });
}

/** As it would be without the lock of its session: git does not tell of a locked one whether it would forget it. */
async function withoutSessionLock({ lockReason, ...entry }: WorktreeEntry): Promise<WorktreeEntry> {
  if (lockReason === undefined) return entry;
  if (!isSessionLock(lockReason)) return { ...entry, lockReason };
  const isThere = await exists(entry.path).catch(() => true);
  return { ...entry, isSessions: true, ...(isThere ? {} : { prunableReason: 'its folder is gone' }) };
}

/**
 * Reads lines that end with NUL, or with newlines: then the rest of a path after a newline is lost, and reasons
 * with special characters are as git quotes them.
 *
 * @see https://git-scm.com/docs/git-worktree#_porcelain_format
 */
export function parseWorktrees(porcelain: string): WorktreeEntry[] {
  const end = porcelain.includes('\0') ? '\0' : '\n';
  // An empty line ends an entry; only the first line of one names a worktree, whatever a path goes on with.
  const blocks = porcelain.split(end + end).map((block) => block.split(end));
  return blocks.flatMap(([first = '', ...lines]) => {
    const [label, folder] = splitOnce(first, ' ');
    return label === 'worktree' && folder ? [{ path: path.normalize(folder), ...attributesIn(lines) }] : [];
  });
}

function attributesIn(lines: string[]): Omit<WorktreeEntry, 'path'> {
  const entry: Omit<WorktreeEntry, 'path'> = {};
  for (const line of lines) {
    const [label, value = ''] = splitOnce(line, ' ');
    if (label === 'HEAD') entry.head = value;
    else if (label === 'branch') entry.branch = withoutPrefix(value);
    else if (label === 'locked') entry.lockReason = value;
    else if (label === 'prunable') entry.prunableReason = value;
    else if (label === 'detached') entry.isDetached = true;
    else if (label === 'bare') entry.isBare = true;
  }
  return entry;
}

/** Where a new session's work starts from. */
export interface Base {
  /** A branch or anything else that names a commit; the commit's full hash with a detached HEAD. */
  ref: string;
  /** Full hash. */
  commit: string;
  isDetached: boolean;
}

/** What is checked out in `folder`. @throws {HoldfastError} `NO_COMMITS` */
export async function currentBase(folder: string): Promise<Base> {
  const [commit, branch] = await Promise.all([
    resolveCommit(folder, 'HEAD'),
    tryGit(['symbolic-ref', '--quiet', 'HEAD'], { cwd: folder }),
  ]);
  if (commit === undefined) {
    throw new HoldfastError('NO_COMMITS', 'This repository has no commit yet, so there is nothing to branch from.', {
      advice: 'Make a first commit, or run the session without a worktree.',
    });
  }
  if (branch === undefined) return { ref: commit, commit, isDetached: true };
  return { ref: withoutPrefix(chomp(branch)), commit, isDetached: false };
}

/** What the user named as the start. @throws {HoldfastError} `INVALID_ARGUMENT` */
export async function namedBase(folder: string, ref: string): Promise<Base> {
  const commit = await resolveCommit(folder, ref);
  if (commit !== undefined) return { ref: (await isLasting(folder, ref)) ? ref : commit, commit, isDetached: false };
  throw new HoldfastError('INVALID_ARGUMENT', `There is no branch or commit “${ref}” to start from.`, {
    advice: 'Check its spelling.',
    data: { baseBranch: ref },
  });
}

/** Whether `ref` is a branch or a tag; `HEAD` and the like mean something else in another checkout or tomorrow. */
async function isLasting(cwd: string, ref: string): Promise<boolean> {
  const names = ['heads', 'remotes', 'tags'].map((kind) => `refs/${kind}/${ref}`);
  return Boolean(await tryGit(['for-each-ref', '--count=1', '--format=%(refname)', ...names, ref], { cwd }));
}

/** The full hash of what `ref` names, a branch before anything else of that name. */
export async function resolveCommit(cwd: string, ref: string): Promise<string | undefined> {
  for (const name of ref.startsWith('refs/') || ref === 'HEAD' ? [ref] : [`refs/heads/${ref}`, ref]) {
    const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`];
    const commit = await tryGit(args, { cwd });
    if (commit !== undefined) return chomp(commit);
  }
  return undefined;
}

export async function localBranches(folder: string): Promise<string[]> {
  return [...(await branchTips(folder)).keys()];
}

/** The local branches, each with the full hash of its last commit. */
export async function branchTips(folder: string): Promise<Map<string, string>> {
  const format = '--format=%(objectname) %(refname:lstrip=2)';
  const lines = (await git(['for-each-ref', format, 'refs/heads'], { cwd: folder })).split('\n').filter(Boolean);
  return new Map(lines.map((line) => splitOnce(line, ' ').toReversed() as [string, string]));
}

export async function requireFolder(folder: string): Promise<void> {
  const isFolder = await stat(folder).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (isFolder) return;
  throw new HoldfastError('NO_FOLDER', `The folder ${folder} does not exist.`, { data: { folder } });
}

function withoutPrefix(ref: string): string {
  return ref.replace(/^refs\/heads\//, '');
}

function chomp(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
