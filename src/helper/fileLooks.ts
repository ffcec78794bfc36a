import { access, constants, stat, statfs } from 'node:fs/promises';
import type { DiskFacts, FileFacts } from '../core/cascade.ts';
import { isRunning } from '../core/sessionRecord.ts';
import type { WorktreeLink } from '../core/worktreeLink.ts';
import { exists } from '../node/exists.ts';
import type { SessionPlaces } from '../node/places.ts';
import { readRecordFile } from '../node/recordFile.ts';
import { readLastScreen } from '../node/savedScreen.ts';
import { readWorktreeLink } from '../node/worktreeLink.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** What was seen of a worktree; its disk is absent where the worktree is gone. */
export interface WorktreeFacts {
  link?: WorktreeLink;
  disk?: DiskFacts;
}

/** What is asked of the disks. None of it has a deadline of its own. */
export interface FileLooks {
  disk: (holds: string, folder: string) => Promise<DiskFacts>;
  /** Those of the session's own folder. */
  files: (record: SessionRecord, places: SessionPlaces) => Promise<Pick<FileFacts, 'record' | 'checkpoint'>>;
  /** @throws the system's error where that cannot be told */
  worktree: (record: SessionRecord, key: string) => Promise<WorktreeFacts>;
}

export const fileLooks: FileLooks = { disk: diskFacts, files: fileFacts, worktree: worktreeFacts };

async function fileFacts(record: SessionRecord, places: SessionPlaces): ReturnType<FileLooks['files']> {
  const { state } = await readRecordFile(places.record, record.id);
  const isSaved = !isRunning(record) || (await readLastScreen(places)) !== undefined;
  return { record: state === 'newer' ? 'sound' : state, checkpoint: isSaved ? 'sound' : 'missing' };
}

async function worktreeFacts(record: SessionRecord, key: string): ReturnType<FileLooks['worktree']> {
  const { branch, worktreePath } = record;
  const link: WorktreeLink = branch
    ? await readWorktreeLink(record, key)
    : { state: (await exists(worktreePath)) ? 'own' : 'gone' };
  return {
    ...(branch ? { link } : {}),
    ...(link.state === 'gone' ? {} : { disk: await diskFacts('its worktree', worktreePath) }),
  };
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
