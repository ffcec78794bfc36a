import path from 'node:path';
import { operationOf } from '../core/lostWork.ts';
import {
  type ArchiveAbout,
  type ArchiveLists,
  archivedRecord,
  archiveParts,
  archiveRefs,
  serializeAbout,
  serializeLists,
} from '../core/worktreeArchive.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { Inventory, InventoryOptions } from './archiveInventory.ts';
import type { OpenedArchive } from './archiveList.ts';
import { findNamedObjects, saveIndex, type WorktreeGit } from './archiveObjects.ts';
import { type ArchiveContent, importArgs, type WrittenBlob, writeCommit } from './archiveStream.ts';
import { requireWhole } from './archiveVerification.ts';
import { exists } from './exists.ts';
import { git, tryGit } from './git.ts';
import { pipeGit } from './gitPipes.ts';
import { pausePoint } from './pausePoint.ts';
import type { GitRepository } from './repository.ts';
import { treeTimeout } from './worktreeStatus.ts';

/** A worktree that goes, or is about to. */
export interface ArchiveRequest extends InventoryOptions {
  repository: Pick<GitRepository, 'root' | 'commonDir'>;
  record: SessionRecord;
  /** Where the worktree is, or was. */
  path: string;
  /** Git's own folder for it; absent where git knows nothing of it any more. */
  gitDir?: string;
  /** How many commits the base does not have. */
  unmerged: number;
}

/** An archive that was written and read back. */
export interface WrittenArchive {
  ref: string;
  /** Full hash. */
  commit: string;
  about: ArchiveAbout;
}

/** Everything that an archive is made of, but for the content of the files. */
export interface ArchiveLook {
  inventory: Inventory;
  head: ArchiveAbout['head'];
  tip: string | undefined;
}

/**
 * Writes an archive of what was seen and reads it back.
 *
 * @param base An archive of the same worktree, of which everything stays that was not seen anew.
 * @throws {ChangedFile} where something was changed since it was seen.
 */
export async function writeArchive(
  request: ArchiveRequest,
  seen: ArchiveLook,
  base?: OpenedArchive,
): Promise<WrittenArchive> {
  const { repository, record } = request;
  const { root } = repository;
  const ref = archiveRefs + record.id;
  const content = await contentOf(request, seen, base);
  const about = await describe(request, seen, base);
  const lists = base ? merged(base.lists, listsOf(seen.inventory)) : listsOf(seen.inventory);
  const documents = { [archiveParts.about]: serializeAbout(about), [archiveParts.lists]: serializeLists(lists) };
  const written = await importCommit(root, { ...content, ref, at: new Date(about.archivedAt), documents });
  const commit = await requireWhole(root, { ref, parents: content.parents, written });
  return { ref, commit, about };
}

type Content = Omit<ArchiveContent, 'ref' | 'at' | 'documents'>;

async function contentOf(
  request: ArchiveRequest,
  { inventory, head, tip }: ArchiveLook,
  base: OpenedArchive | undefined,
): Promise<Content> {
  const { repository, record, path: folder, gitDir } = request;
  const run = await gitOf(request);
  const own = [head.commit, tip].filter((commit) => commit !== undefined);
  const earlier = await tryGit(['rev-parse', '--verify', '--quiet', archiveRefs + record.id], { cwd: repository.root });
  const before = base ? [base.commit] : [];
  const objects = await findNamedObjects(notesOf(request, inventory), [...own, ...before], run);
  const notes = gitDir === undefined ? [] : [{ from: gitDir, to: archiveParts.git, files: inventory.git }];
  return {
    message: `The worktree of “${record.name}” on ${record.branch}\n`,
    isAddition: base !== undefined,
    parents: [...new Set([...before, ...own, ...objects.commits, ...(earlier ? [earlier.trimEnd()] : [])])],
    folders: [{ from: folder, to: archiveParts.files, files: inventory.files }, ...notes],
    index: gitDir === undefined || inventory.git.length === 0 ? { sides: [] } : await saveIndex(gitDir, run),
    objects: objects.others,
  };
}

function listsOf({ files, git: notes, absent, emptyFolders, emptyGitFolders }: Inventory): ArchiveLists {
  const plain = (list: Inventory['files']) => list.map(({ path: name, kind, mode }) => ({ path: name, kind, mode }));
  return { files: plain(files), git: plain(notes), absent, emptyFolders, emptyGitFolders };
}

/** What is not there any more was removed by whoever was removing the worktree. */
function merged(before: ArchiveLists, now: ArchiveLists): ArchiveLists {
  const join = (one: ArchiveLists['files'], other: ArchiveLists['files']) => {
    const names = new Set(other.map(({ path: name }) => name));
    return [...one.filter(({ path: name }) => !names.has(name)), ...other];
  };
  const files = join(before.files, now.files);
  const there = new Set(files.map(({ path: name }) => name));
  return {
    files,
    git: join(before.git, now.git),
    absent: before.absent.filter((name) => !there.has(name)),
    emptyFolders: [...new Set([...before.emptyFolders, ...now.emptyFolders])],
    emptyGitFolders: [...new Set([...before.emptyGitFolders, ...now.emptyGitFolders])],
  };
}

async function importCommit(root: string, content: ArchiveContent): Promise<WrittenBlob[]> {
  const format = (await git(['rev-parse', '--show-object-format'], { cwd: root })).trim();
  let written: WrittenBlob[] = [];
  await pausePoint('archive-begun');
  await pipeGit(
    importArgs,
    { cwd: root, timeout: treeTimeout },
    {
      write: async (stdin) => {
        written = await writeCommit(stdin, content, format);
      },
    },
  );
  return written;
}

/** The files that may name objects: all of git's notes that are short, and what was on the branch before. */
function notesOf({ repository, record, gitDir }: ArchiveRequest, { git: files }: Inventory): string[] {
  const log = path.join(repository.commonDir, 'logs', 'refs', 'heads', record.branch);
  const notes = files.filter(({ path: name }) => !/^(?:index|sharedindex|modules\/)/.test(name));
  return [log, ...notes.map(({ path: name }) => path.join(gitDir as string, name))];
}

async function describe(
  request: ArchiveRequest,
  { inventory, head, tip }: ArchiveLook,
  base: OpenedArchive | undefined,
): Promise<ArchiveAbout> {
  const archivedAt = new Date().toISOString();
  const commits = { ...(head.commit || head.ref ? { head } : {}), ...(tip === undefined ? {} : { tip }) };
  if (base) return { ...base.about, archivedAt, ...commits };
  const { record, path: folder, gitDir, unmerged } = request;
  const operation = operationOf(inventory.git.map(({ path: name }) => name.split('/')[0] as string));
  return {
    archivedAt,
    session: archivedRecord(record),
    head: {},
    ...commits,
    path: folder,
    ...(gitDir === undefined ? {} : { gitDir }),
    ...(operation === undefined ? {} : { operation }),
    branchSettings: await readBranchSettings(request),
    counts: { ...inventory.counts, unmerged },
  };
}

/** They go with the branch. */
async function readBranchSettings({ repository, record }: ArchiveRequest): Promise<[string, string][]> {
  const start = `branch.${record.branch}.`;
  const text = await tryGit(['config', '--local', '-z', '--get-regexp', '^branch\\.'], { cwd: repository.root });
  return (text ?? '').split('\0').flatMap((line): [string, string][] => {
    const [name = '', ...value] = line.split('\n');
    return name.startsWith(start) ? [[name, value.join('\n')]] : [];
  });
}

/** Where the folder is gone, git is told where its notes of the worktree are. */
export async function gitOf({ repository, path: folder, gitDir }: ArchiveRequest): Promise<WorktreeGit> {
  if (await exists(folder)) return { cwd: folder, args: [] };
  return { cwd: repository.root, args: gitDir === undefined ? [] : [`--git-dir=${gitDir}`] };
}
