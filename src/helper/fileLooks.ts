import { access, constants, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { DiskFacts, FileFacts } from '../core/cascade.ts';
import { isRunning } from '../core/sessionRecord.ts';
import { isMissing } from '../node/durableFile.ts';
import { exists } from '../node/exists.ts';
import { isUnsafeFile } from '../node/ownFile.ts';
import type { SessionPlaces } from '../node/places.ts';
import { readRecordFile } from '../node/recordFile.ts';
import { readRegularFile } from '../node/regularFile.ts';
import { readLastScreen } from '../node/savedScreen.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** Longer than any path that git writes into such a file; bytes. */
const maxLink = 64 * 1024;

/** What was seen of a worktree; its disk is absent where the worktree is gone. */
export interface WorktreeFacts {
  link?: NonNullable<FileFacts['worktree']>;
  disk?: DiskFacts;
}

/** What is asked of the disks. None of it has a deadline of its own. */
export interface FileLooks {
  disk: (holds: string, folder: string) => Promise<DiskFacts>;
  /** Those of the session's own folder. */
  files: (record: SessionRecord, places: SessionPlaces) => Promise<Pick<FileFacts, 'record' | 'checkpoint'>>;
  /** @throws the system's error where that cannot be told */
  worktree: (record: SessionRecord) => Promise<WorktreeFacts>;
}

export const fileLooks: FileLooks = { disk: diskFacts, files: fileFacts, worktree: worktreeFacts };

async function fileFacts(record: SessionRecord, places: SessionPlaces): ReturnType<FileLooks['files']> {
  const { state } = await readRecordFile(places.record, record.id);
  const isSaved = !isRunning(record) || (await readLastScreen(places)) !== undefined;
  return { record: state === 'newer' ? 'sound' : state, checkpoint: isSaved ? 'sound' : 'missing' };
}

async function worktreeFacts({ branch, worktreePath }: SessionRecord): Promise<WorktreeFacts> {
  if (!(await exists(worktreePath))) return branch ? { link: 'gone' } : {};
  const disk = await diskFacts('its worktree', worktreePath);
  return branch ? { link: await worktreeLink(worktreePath), disk } : { disk };
}

/** A linked worktree has a file `.git` that names git's own folder for it, which must be there, too. */
async function worktreeLink(worktreePath: string): Promise<'linked' | 'foreign'> {
  const text = await readRegularFile(path.join(worktreePath, '.git'), maxLink).catch((error) => {
    if (isMissing(error) || isUnsafeFile(error)) return '';
    throw error;
  });
  const folder = /^gitdir: (.+)$/m.exec(text.toString('utf8'))?.[1];
  if (folder === undefined) return 'foreign';
  return (await exists(path.resolve(worktreePath, folder))) ? 'linked' : 'foreign';
}

async function diskFacts(holds: string, folder: string): Promise<DiskFacts> {
  const { bavail, bsize } = await statfs(folder).catch(() => ({ bavail: undefined, bsize: 0 }));
  const isFolder = (await stat(folder).catch(() => undefined))?.isDirectory() ?? false;
  const isWritable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  return {
    holds,
    ...(bavail === undefined ? {} : { free: bavail * bsize }),
    ...(isFolder ? { isWritable } : {}),
  };
}
