import { chmod, mkdir, open, readdir, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type ArchiveLists, archivedPath, archiveParts } from '../core/worktreeArchive.ts';
import { restoringReason } from '../core/worktreeLockReason.ts';
import type { OpenedArchive } from './archiveList.ts';
import { durably } from './archiveObjects.ts';
import { relinkSubmodules } from './archiveSubmodules.ts';
import { readTree } from './archiveVerification.ts';
import { type BlobSink, readBlobs } from './blobReader.ts';
import { git, tryGit } from './git.ts';
import { makeFolders } from './makeFolders.ts';
import { pausePoint } from './pausePoint.ts';
import type { GitRepository } from './repository.ts';
import { type IndexEntry, readIndexBytes, treeTimeout } from './worktreeStatus.ts';

export interface RestoreRequest {
  repository: GitRepository;
  archive: OpenedArchive;
  /** Where the worktree comes back. */
  path: string;
  /** The branch that stands for the session’s, which is there. */
  branch: string;
  /** False leaves the archived commit checked out without a branch. */
  isOnBranch: boolean;
}

type StoredFile = ArchiveLists['files'][number];

/** What git makes of a worktree's folder for itself; the archive has all else. */
const madeByGit = new Set(['gitdir', 'commondir', 'locked', 'HEAD']);

/**
 * Writes a worktree as it was when it was archived: what was checked out, the index, what is on disk, and what was
 * under way. Until it is whole it is locked as half made. No hook is run.
 *
 * @throws {HoldfastError} `GIT_FAILED`, `DISK_FULL`; what was written stays, for whoever asked for it to remove.
 */
export async function restoreWorktree(request: RestoreRequest): Promise<void> {
  const { repository, archive, path: folder } = request;
  const { root } = repository;
  await makeFolders(path.dirname(folder), 0o777).catch(() => undefined);
  const add = ['worktree', 'add', '--quiet', '--no-checkout', '--lock', '--detach', '--', folder, archive.commit];
  await git([...durably, ...add], { cwd: root, timeout: treeTimeout });
  const gitDir = (await git(['rev-parse', '--path-format=absolute', '--git-dir'], { cwd: folder })).trimEnd();
  await writeFile(path.join(gitDir, 'locked'), restoringReason);
  await pausePoint('restore-begun');
  await emptyNotes(gitDir);
  await setHead(request);
  const { files, git: notes } = archive.lists;
  const tree = await readTree(root, archive.commit, archiveParts.files, archiveParts.git);
  const own = notes.filter(({ path: name }) => !madeByGit.has(name));
  await writeFiles(root, gitDir, planOf(own, archiveParts.git, tree));
  await renameBranch(request, gitDir);
  for (const name of archive.lists.emptyGitFolders) await mkdir(path.join(gitDir, name), { recursive: true });
  await checkOutRest(folder, archive.lists);
  await pausePoint('restore-checked-out');
  await writeFiles(root, folder, planOf(files, archiveParts.files, tree));
  for (const name of archive.lists.emptyFolders) await mkdir(path.join(folder, name), { recursive: true });
  await relinkSubmodules(archive, { folder, gitDir });
  // What is unmerged is told as a failure.
  await tryGit([...durably, 'update-index', '-q', '--refresh'], { cwd: folder, timeout: treeTimeout });
  await pausePoint('restore-written');
  await git(['worktree', 'unlock', '--', folder], { cwd: root });
}

/** Of a worktree that has just been made nobody has noted anything yet. */
async function emptyNotes(gitDir: string): Promise<void> {
  for (const entry of await readdir(gitDir, { withFileTypes: true })) {
    if (madeByGit.has(entry.name)) continue;
    if (entry.isDirectory()) await rm(path.join(gitDir, entry.name), { recursive: true });
    else await unlink(path.join(gitDir, entry.name));
  }
}

async function setHead({ archive, path: folder, branch, isOnBranch }: RestoreRequest): Promise<void> {
  const { head, session } = archive.about;
  const own = `refs/heads/${session.branch}`;
  const ref = head.ref === own ? `refs/heads/${branch}` : head.ref;
  if (ref !== undefined && isOnBranch) await git([...durably, 'symbolic-ref', 'HEAD', ref], { cwd: folder });
  else if (head.commit) await git([...durably, 'update-ref', '--no-deref', 'HEAD', head.commit], { cwd: folder });
}

/** A rebase comes back to the branch that it began with. */
async function renameBranch({ archive, branch }: RestoreRequest, gitDir: string): Promise<void> {
  const before = `refs/heads/${archive.about.session.branch}`;
  if (before === `refs/heads/${branch}`) return;
  for (const name of ['rebase-merge/head-name', 'rebase-apply/head-name']) {
    const file = path.join(gitDir, name);
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text?.trim() === before) await writeFile(file, text.replace(before, `refs/heads/${branch}`));
  }
}

/** What the index tells of and is not in the archive itself. */
async function checkOutRest(folder: string, { files, absent }: ArchiveLists): Promise<void> {
  const others = new Set([...absent, ...files.map(({ path: name }) => name)]);
  // A name need not be text, and git must hear it as it is.
  const index = await readIndexBytes(folder);
  const isWanted = ({ tag, stage, path: name }: IndexEntry) =>
    stage === 0 && !/^s$/i.test(tag) && !others.has(Buffer.from(name, 'latin1').toString());
  const names = index.filter(isWanted);
  if (names.length === 0) return;
  const input = Buffer.from(names.map(({ path: name }) => `${name}\0`).join(''), 'latin1');
  const args = [...durably, 'checkout-index', '--quiet', '--force', '--index', '-z', '--stdin'];
  await git(args, { cwd: folder, input, timeout: treeTimeout });
}

interface PlannedFile extends StoredFile {
  hash: string;
}

function planOf(files: readonly StoredFile[], part: string, tree: ReadonlyMap<string, string>): PlannedFile[] {
  return files.map((file) => {
    const [, hash] = tree.get(`${part}/${archivedPath(file.path)}`)?.split(' ') ?? [];
    if (hash === undefined) throw new Error(`The archive has no ${part}/${file.path}`);
    return { ...file, hash };
  });
}

async function writeFiles(root: string, top: string, files: readonly PlannedFile[]): Promise<void> {
  const folders = new Set(files.map(({ path: name }) => path.dirname(path.join(top, name))));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  const hashes = files.map(({ hash }) => hash);
  await readBlobs(root, hashes, (index) => sinkFor(top, files[index] as PlannedFile));
}

async function sinkFor(top: string, { path: name, kind, mode }: PlannedFile): Promise<BlobSink> {
  const file = path.join(top, name);
  if (kind === 'link') return linkSink(file);
  const handle = await open(file, 'w');
  return {
    write: async (data) => {
      await handle.writeFile(data);
    },
    end: async () => {
      await handle.close();
      await chmod(file, mode);
    },
  };
}

function linkSink(file: string): BlobSink {
  const parts: Buffer[] = [];
  return {
    write: async (data) => {
      parts.push(Buffer.from(data));
    },
    end: () => symlink(Buffer.concat(parts), file),
  };
}
