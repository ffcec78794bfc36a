import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { type FileDiff, parseRawDiff } from '../core/rawDiff.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { git, gitBytes, tryGit } from './git.ts';
import { resolveCommit } from './repository.ts';
import { readWorktreeLink } from './worktreeLink.ts';

/** Of a large worktree on a slow disk; milliseconds. */
const reviewTimeout = 120_000;

/** What was done in a session's worktree. */
export interface WorktreeReview {
  /** What it is compared with: where the branch parted from its base, a full hash; null where there is no commit. */
  commit: string | null;
  /** That base, as the user knows it; undefined where it is gone, so that the session's first commit stands for it. */
  base: string | undefined;
  /** In the order of their paths. */
  files: FileDiff[];
}

/**
 * Compares a session's worktree, all that is committed and all that is not, with where its branch parted from its base.
 *
 * @param key of the repository
 * @throws {HoldfastError} `NO_WORKTREE`, `NO_FOLDER`, `GIT_FAILED`
 */
export async function reviewWorktree(record: SessionRecord, key: string): Promise<WorktreeReview> {
  const { worktreePath } = record;
  await requireWorktree(record, key);
  const { commit, base } = await startingPoint(record);
  const tracked = commit === null ? [] : await trackedFiles(worktreePath, commit);
  const others = commit === null ? await knownFiles(worktreePath) : await untrackedFiles(worktreePath);
  const files = [...tracked, ...others].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { commit, base, files };
}

/** @throws {HoldfastError} `NO_WORKTREE`; `NO_FOLDER` where its folder is gone, or is none of this repository's any more */
export async function requireWorktree(record: SessionRecord, key: string): Promise<void> {
  const { id, name, branch, worktreePath } = record;
  if (!branch) {
    throw new HoldfastError('NO_WORKTREE', `“${name}” runs without a worktree of its own, in ${worktreePath}.`, {
      data: { id },
    });
  }
  const link = await readWorktreeLink(record, key);
  if (link.state === 'own') return;
  const what = link.state === 'gone' ? 'is gone' : `is ${link.why}`;
  throw new HoldfastError('NO_FOLDER', `The worktree of “${name}” ${what}: ${worktreePath}`, {
    advice: `What was committed is on its branch ${branch}. “Repair Worktree…” tells what can be done.`,
    data: { id, folder: worktreePath },
  });
}

async function startingPoint({
  worktreePath: cwd,
  baseBranch,
  baseCommit,
}: SessionRecord): Promise<Pick<WorktreeReview, 'commit' | 'base'>> {
  if ((await resolveCommit(cwd, 'HEAD')) === undefined) return { commit: null, base: undefined };
  for (const base of [baseBranch, baseCommit].filter((one) => one !== undefined && one !== '')) {
    const commit = await resolveCommit(cwd, base as string);
    const parted = commit && (await tryGit(['merge-base', commit, 'HEAD'], { cwd }));
    if (parted) return { commit: parted.trim(), base: base === baseBranch ? base : undefined };
  }
  // Without a base only what is not committed can be told.
  return { commit: (await resolveCommit(cwd, 'HEAD')) ?? null, base: undefined };
}

async function trackedFiles(cwd: string, commit: string): Promise<FileDiff[]> {
  const args = ['diff', '--raw', '-z', '--find-renames', '--no-ext-diff', '--ignore-submodules=all', commit, '--'];
  return parseRawDiff(await git(args, { cwd, timeout: reviewTimeout }));
}

async function untrackedFiles(cwd: string): Promise<FileDiff[]> {
  return listFiles(cwd, ['--others', '--exclude-standard']);
}

/** Before the first commit whatever is there is new. */
async function knownFiles(cwd: string): Promise<FileDiff[]> {
  return listFiles(cwd, ['--cached', '--others', '--exclude-standard']);
}

/** A repository inside is named as a folder, and left out. */
async function listFiles(cwd: string, which: readonly string[]): Promise<FileDiff[]> {
  const text = await git(['ls-files', '-z', ...which], { cwd, timeout: reviewTimeout });
  const names = [...new Set(text.split('\0'))].filter((name) => name !== '' && !name.endsWith('/'));
  return Promise.all(names.map((name) => newFile(cwd, name)));
}

/** Git tells of what it does not know the name alone. */
async function newFile(cwd: string, name: string): Promise<FileDiff> {
  const found = await lstat(fileOf(cwd, name)).catch(() => undefined);
  return { path: name, kind: 'added', ...(found?.isSymbolicLink() ? { isLink: true } : {}) };
}

/**
 * The bytes of a file as a checkout of that commit would write them, so that line ends and files kept elsewhere do not
 * count as changes; as git has stored them where that cannot be done.
 *
 * @param file relative to the worktree, with `/`
 */
export async function readCommitted(cwd: string, commit: string, file: string): Promise<Uint8Array> {
  const name = `${commit}:${file}`;
  return gitBytes(['cat-file', '--filters', name], { cwd }).catch(() => gitBytes(['cat-file', 'blob', name], { cwd }));
}

/** Where a file of the review is on disk. */
export function fileOf(worktreePath: string, file: string): string {
  return path.join(worktreePath, ...file.split('/'));
}
