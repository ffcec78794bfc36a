import { mkdtemp, readFile, rmdir, unlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { systemErrorCode } from '../base/errors.ts';
import { archiveParts } from '../core/worktreeArchive.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { OpenedArchive } from './archiveList.ts';
import { durably } from './archiveObjects.ts';
import { readTree } from './archiveVerification.ts';
import { readBlobs } from './blobReader.ts';
import { git } from './git.ts';
import type { GitRepository } from './repository.ts';
import { extendArchive } from './worktreeArchive.ts';
import type { SessionWorktree } from './worktreeLook.ts';
import { removeByGit } from './worktreeRemoval.ts';
import { treeTimeout } from './worktreeStatus.ts';

export interface Leftovers {
  repository: GitRepository;
  worktree: SessionWorktree;
  archive: OpenedArchive;
  session: SessionRecord;
}

/**
 * Removes what is left of a worktree that git could remove only in part and has forgotten. Git gets to know it again, so
 * that what is new in it can be added to the archive and git itself removes the rest.
 *
 * @returns Why that failed.
 * @throws {HoldfastError} `NOT_ARCHIVED`, `GIT_FAILED`
 */
export async function removeLeftovers(left: Leftovers): Promise<string | undefined> {
  const { repository, worktree, archive, session } = left;
  if (await removeEmpty(worktree.path)) return undefined;
  const gitDir = await relink(left);
  const request = { repository, record: session, path: worktree.path, gitDir, ignored: 'kept' as const, unmerged: 0 };
  await extendArchive(request, archive, { isBare: true });
  return removeByGit(worktree, '--force');
}

async function removeEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'EBUSY', 'EPERM', 'EACCES', 'EROFS'].includes(systemErrorCode(error) ?? ''))
      return false;
    throw error;
  }
}

/**
 * Makes the folder a worktree of the commit and the index that it had. Git adds none where files are, so it is added
 * elsewhere, and told that it was moved.
 *
 * @returns Git's own folder for it.
 */
async function relink({ repository, worktree, archive }: Leftovers): Promise<string> {
  const { root } = repository;
  const around = await mkdtemp(path.join(os.tmpdir(), 'holdfast-worktree-'));
  const elsewhere = path.join(around, path.basename(worktree.path));
  try {
    const commit = archive.about.head.commit ?? archive.commit;
    const add = ['worktree', 'add', '--quiet', '--no-checkout', '--detach', '--', elsewhere, commit];
    await git([...durably, ...add], { cwd: root, timeout: treeTimeout });
    const link = path.join(elsewhere, '.git');
    await writeFile(path.join(worktree.path, '.git'), await readFile(link));
    await git(['worktree', 'repair', worktree.path], { cwd: root });
    await unlink(link);
    await rmdir(elsewhere);
  } finally {
    await rmdir(around).catch(() => undefined);
  }
  const found = await git(['rev-parse', '--path-format=absolute', '--git-dir'], { cwd: worktree.path });
  const gitDir = found.trimEnd();
  await writeIndex(root, archive, gitDir);
  return gitDir;
}

async function writeIndex(root: string, { commit, lists }: OpenedArchive, gitDir: string): Promise<void> {
  const tree = await readTree(root, commit, archiveParts.git);
  const names = lists.git.map(({ path: name }) => name).filter((name) => /^(?:index$|sharedindex\.)/.test(name));
  for (const name of names) {
    const hash = tree.get(`${archiveParts.git}/${name}`)?.split(' ')[1];
    if (hash === undefined) continue;
    const parts: Buffer[] = [];
    await readBlobs(root, [hash], async () => ({
      write: async (data) => {
        parts.push(Buffer.from(data));
      },
      end: () => writeFile(path.join(gitDir, name), Buffer.concat(parts)),
    }));
  }
}
