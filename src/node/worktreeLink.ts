import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { isTagOf, type WorktreeLink } from '../core/worktreeLink.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { isMissing } from './durableFile.ts';
import { exists } from './exists.ts';
import { isUnsafeFile } from './ownFile.ts';
import { repositoryKey } from './places.ts';
import { readRegularFile } from './regularFile.ts';
import { readTag, tagName } from './worktreeTags.ts';

/** Longer than any path that git writes into such a file; bytes. */
const maxLength = 64 * 1024;

/** What git names instead of a branch in the HEAD of a repository whose refs are in tables. */
const refsElsewhere = '.invalid';

/** Where git notes which branch a worktree comes back to that has a commit checked out for a while. */
const whileBusy = ['rebase-merge/head-name', 'rebase-apply/head-name', 'BISECT_START'];

/**
 * Whether a folder is the worktree of that session in the repository with that key, by git’s files alone: no process is
 * started for it.
 *
 * @see https://git-scm.com/docs/gitrepository-layout#Documentation/gitrepository-layout.txt-worktrees
 * @throws the system’s error where that cannot be told: a disk that fails may hold the worktree
 */
export async function readWorktreeLink(
  record: Pick<SessionRecord, 'id' | 'worktreePath' | 'metadata'>,
  key: string,
): Promise<WorktreeLink> {
  const { worktreePath } = record;
  if (!(await exists(worktreePath))) return { state: 'gone' };
  const gitDir = await gitDirOf(worktreePath);
  if (gitDir === undefined) return foreign('no worktree of git');
  const why = await strangeness(record, gitDir, key);
  if (why !== undefined) return foreign(why);
  const branch = await checkedOut(gitDir);
  return { state: 'own', ...(branch === undefined ? {} : { branch }) };
}

/** Git’s own folder for the worktree at `folder`, whether or not it is there; undefined for what is no linked worktree. */
export async function gitDirOf(folder: string): Promise<string | undefined> {
  const target = (await readText(path.join(folder, '.git')))?.match(/^gitdir: ([^]+?)\r?\n?$/)?.[1];
  return target === undefined ? undefined : path.resolve(folder, target);
}

/** The repository’s common folder, as git’s own folder for a worktree names it; real where it is there. */
export async function commonDirOf(gitDir: string): Promise<string | undefined> {
  const commonDir = (await readText(path.join(gitDir, 'commondir')))?.replace(/\r?\n$/, '');
  return commonDir === undefined ? undefined : realOf(path.resolve(gitDir, commonDir));
}

async function strangeness(
  record: Pick<SessionRecord, 'id' | 'worktreePath' | 'metadata'>,
  gitDir: string,
  key: string,
): Promise<string | undefined> {
  const commonDir = await commonDirOf(gitDir);
  if (commonDir === undefined) return 'unknown to git, whose own folder for it is gone';
  if (repositoryKey(commonDir) !== key) return 'one of another repository';
  const back = (await readText(path.join(gitDir, 'gitdir')))?.replace(/\r?\n$/, '');
  const known = back === undefined ? undefined : path.dirname(path.resolve(gitDir, back));
  if (known === undefined || (await realOf(known)) !== (await realOf(record.worktreePath)))
    return `known to git in another place (${known ?? 'nowhere'})`;
  const { tag } = await readTag(path.join(gitDir, tagName));
  return tag === undefined || isTagOf(tag.id, record) ? undefined : `that of the session “${tag.name}”`;
}

/** A branch that is being rebased or searched is checked out as far as anyone is concerned, though HEAD does not say so. */
async function checkedOut(gitDir: string): Promise<string | null | undefined> {
  const head = (await readText(path.join(gitDir, 'HEAD')))?.trimEnd();
  const branch = head?.match(/^ref: refs\/heads\/(.+)$/)?.[1];
  if (branch !== undefined) return branch === refsElsewhere ? undefined : branch;
  if (head === undefined || !/^[0-9a-f]{40,64}$/.test(head)) return undefined;
  for (const file of whileBusy) {
    const name = (await readText(path.join(gitDir, file)))?.trimEnd().replace(/^refs\/heads\//, '');
    if (name) return name;
  }
  return null;
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return (await readRegularFile(file, maxLength)).toString('utf8');
  } catch (error) {
    if (isMissing(error) || isUnsafeFile(error)) return undefined;
    throw error;
  }
}

function foreign(why: string): WorktreeLink {
  return { state: 'foreign', why };
}

function realOf(file: string): Promise<string> {
  return realpath(file).catch(() => file);
}
