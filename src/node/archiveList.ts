import { HoldfastError } from '../base/errors.ts';
import {
  type ArchiveAbout,
  type ArchiveLists,
  archiveParts,
  archiveRefs,
  openAbout,
  openLists,
} from '../core/worktreeArchive.ts';
import { durably } from './archiveObjects.ts';
import { readTree } from './archiveVerification.ts';
import { readBlobs, textSink } from './blobReader.ts';
import { git, tryGit } from './git.ts';

/** An archive as a list shows it. */
export type ListedArchive =
  | { state: 'sound'; id: string; commit: string; archivedAt: string; about: ArchiveAbout }
  /** It is there and cannot be read; `problem` is the end of a sentence. Its time is absent where git has not even that. */
  | { state: 'damaged' | 'newer'; id: string; commit: string; archivedAt?: string; problem: string };

/** An archive whose worktree can be brought back. */
export interface OpenedArchive {
  id: string;
  commit: string;
  about: ArchiveAbout;
  lists: ArchiveLists;
}

/** The archives of a repository, newest first; one that is damaged hides no other. @throws {HoldfastError} `GIT_FAILED` */
export async function listArchives(root: string): Promise<ListedArchive[]> {
  // Asked for more than names, git fails as soon as it cannot read one of them.
  const text = await git(['for-each-ref', '--format=%(refname) %(objectname)', archiveRefs], { cwd: root });
  const found: ListedArchive[] = [];
  for (const line of text.split('\n').filter(Boolean)) {
    const [ref = '', commit = ''] = line.split(' ');
    found.push(await readAbout(root, { id: ref.slice(archiveRefs.length), commit }));
  }
  return found.sort(({ archivedAt: one = '' }, { archivedAt: other = '' }) => (one > other ? -1 : one < other ? 1 : 0));
}

async function readAbout(root: string, common: { id: string; commit: string }): Promise<ListedArchive> {
  const { commit } = common;
  const text = await tryGit(['cat-file', 'blob', `${commit}:${archiveParts.about}`], { cwd: root });
  const opened = text === undefined ? unread : openAbout(text);
  if (opened.state !== 'sound') return { ...common, ...opened, ...(await timeOf(root, commit)) };
  const { content: about } = opened;
  return { ...common, state: 'sound', archivedAt: about.archivedAt, about };
}

const unread = { state: 'damaged', problem: 'git cannot read it' } as const;

async function timeOf(root: string, commit: string): Promise<{ archivedAt?: string }> {
  const seconds = Number(await tryGit(['log', '-1', '--format=%ct', commit, '--'], { cwd: root }));
  return seconds > 0 ? { archivedAt: new Date(seconds * 1000).toISOString() } : {};
}

/**
 * Reads what an archive is of and which files it holds.
 *
 * @throws {HoldfastError} `ARCHIVE_NOT_FOUND`, `DAMAGED_FILE`, `NEWER_FORMAT`, `GIT_FAILED`
 */
export async function openArchive(root: string, id: string): Promise<OpenedArchive> {
  const commit = await findArchive(root, id);
  if (commit === undefined) {
    throw new HoldfastError('ARCHIVE_NOT_FOUND', `There is no archived session ${id}.`, { data: { id } });
  }
  const tree = await readTree(root, commit, archiveParts.about, archiveParts.lists);
  const texts = ['', ''];
  const names = [archiveParts.about, archiveParts.lists];
  const hashes = names.map((name) => tree.get(name)?.split(' ')[1]).filter((hash) => hash !== undefined);
  if (hashes.length !== names.length) throw unreadable(id, { state: 'damaged', problem: 'it is no archive' });
  await readBlobs(root, hashes, async (index) =>
    textSink((text) => {
      texts[index] = text;
    }),
  );
  const about = openAbout(texts[0] as string);
  if (about.state !== 'sound') throw unreadable(id, about);
  const lists = openLists(texts[1] as string);
  if (lists.state !== 'sound') throw unreadable(id, lists);
  return { id, commit, about: about.content, lists: lists.content };
}

/** The commit of a session's archive; undefined where there is none. */
export async function findArchive(root: string, id: string): Promise<string | undefined> {
  if (!/^[0-9a-f-]+$/i.test(id)) return undefined;
  const text = await tryGit(['rev-parse', '--verify', '--quiet', `${archiveRefs}${id}^{commit}`], { cwd: root });
  return text?.trimEnd();
}

/** Deletes an archive that is at that commit still. @throws {HoldfastError} `GIT_FAILED` */
export async function deleteArchive(root: string, { id, commit }: Pick<OpenedArchive, 'id' | 'commit'>): Promise<void> {
  await git([...durably, 'update-ref', '-d', archiveRefs + id, commit], { cwd: root });
}

function unreadable(id: string, { state, problem }: { state: 'damaged' | 'newer'; problem: string }): HoldfastError {
  const text = `The archived session ${id} cannot be read: ${problem}. Nothing was changed.`;
  if (state === 'newer') return new HoldfastError('NEWER_FORMAT', text, { advice: 'Update Holdfast.', data: { id } });
  const advice = `“git show ${archiveRefs}${id}” shows what git has of it.`;
  return new HoldfastError('DAMAGED_FILE', text, { advice, data: { id } });
}
