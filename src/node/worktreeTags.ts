import { readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { describeError } from '../base/errors.ts';
import { openTag, type WorktreeTag } from '../core/worktreeTag.ts';
import { isMissing, writeDurable } from './durableFile.ts';

/** A tag is a few hundred bytes; what is longer than this is none. */
const maxTagSize = 64 * 1024;

export const tagName = 'holdfast.json';

/** What git's own folder for a worktree says about it. */
export interface WorktreeNotes {
  /** The worktree, as git lists it. */
  path: string;
  /** Where the tag is, or would be. */
  tagFile: string;
  tag?: WorktreeTag;
  /** Why a tag that is there cannot be used. */
  problem?: string;
  /** Only a newer version understands it; it must not be replaced. */
  isNewer?: true;
  /** False where the folder belongs to another repository now; absent where it is gone or does not say. */
  linksBack?: boolean;
}

/**
 * The notes about all worktrees of a repository but its main checkout, without asking git.
 *
 * @see https://git-scm.com/docs/gitrepository-layout#Documentation/gitrepository-layout.txt-worktrees
 */
export async function readWorktreeNotes(commonDir: string): Promise<WorktreeNotes[]> {
  const folder = path.join(commonDir, 'worktrees');
  const names = await readdir(folder).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const notes = await Promise.all(names.map((name) => readNotes(path.join(folder, name))));
  return notes.filter((note) => note !== undefined);
}

async function readNotes(gitDir: string): Promise<WorktreeNotes | undefined> {
  const link = await readFile(path.join(gitDir, 'gitdir'), 'utf8').catch(() => undefined);
  if (!link) return undefined;
  const folder = path.dirname(path.resolve(gitDir, link.replace(/\r?\n$/, '')));
  const tagFile = path.join(gitDir, tagName);
  const linksBack = await doesLinkBack(folder, gitDir);
  return { path: folder, tagFile, ...(await readTag(tagFile)), ...(linksBack === undefined ? {} : { linksBack }) };
}

export async function readTag(file: string): Promise<Pick<WorktreeNotes, 'tag' | 'problem' | 'isNewer'>> {
  try {
    const entry = await stat(file);
    if (!entry.isFile()) return { problem: 'it is no file' };
    if (entry.size > maxTagSize) return { problem: 'it is too long for a tag' };
    return openTag(await readFile(file, 'utf8'));
  } catch (error) {
    return isMissing(error) ? {} : { problem: describeError(error) };
  }
}

async function doesLinkBack(folder: string, gitDir: string): Promise<boolean | undefined> {
  const text = await readFile(path.join(folder, '.git'), 'utf8').catch(() => undefined);
  const [, target] = text?.match(/^gitdir: ([^]*?)\r?\n?$/) ?? [];
  if (target === undefined) return undefined;
  return (await realOf(path.resolve(folder, target))) === (await realOf(gitDir));
}

function realOf(folder: string): Promise<string> {
  return realpath(folder).catch(() => folder);
}

/** What puts the file of a tag back as it is now, whatever has become of it then. */
export async function keepTagFile(file: string): Promise<() => Promise<void>> {
  const text = await readFile(file, 'utf8').catch((error) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  return () => (text === undefined ? rm(file, { force: true }) : writeDurable(file, text));
}
