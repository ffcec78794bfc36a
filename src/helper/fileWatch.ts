import { access, constants, readFile, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { CascadeFacts, DiskFacts, FileFacts, FileState } from '../core/cascade.ts';
import { isLive, isRunning } from '../core/sessionRecord.ts';
import { isMissing } from '../node/durableFile.ts';
import { exists } from '../node/exists.ts';
import type { Log } from '../node/log.ts';
import { readRecordFile } from '../node/recordFile.ts';
import { readLastScreen } from '../node/savedScreen.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { Registry } from './registry.ts';
import type { SessionFiles } from './sessionFiles.ts';

/** How often files and disks are looked at: they change seldom, and each look costs some reads a session. Milliseconds. */
const interval = 60_000;

export interface FileWatchOptions {
  registry: Registry;
  files: SessionFiles;
  /** The folder of the sessions’ files. */
  folder: string;
  log: Log;
  /** By a monotonic clock; milliseconds. */
  monotonic?: () => number;
}

type Facts = Pick<CascadeFacts, 'files' | 'disks'>;

/** Looks at the files of the sessions and at the disks they are on, every minute. */
export class FileWatch {
  readonly #options: FileWatchOptions;
  readonly #facts = new Map<string, Facts>();
  #lookedAt: number | undefined;
  #isLooking = false;

  constructor(options: FileWatchOptions) {
    this.#options = options;
  }

  /** What was seen of a session; nothing where it was not looked at. */
  of(id: string): Facts {
    return this.#facts.get(id) ?? {};
  }

  /** Does nothing where it has looked a moment ago, or still does: a disk that does not answer is asked once. */
  async look(): Promise<void> {
    const now = (this.#options.monotonic ?? (() => performance.now()))();
    if (this.#isLooking || (this.#lookedAt !== undefined && now - this.#lookedAt < interval)) return;
    this.#lookedAt = now;
    this.#isLooking = true;
    await this.#lookAtAll().finally(() => {
      this.#isLooking = false;
    });
  }

  async #lookAtAll(): Promise<void> {
    const records = this.#options.registry.list().records.filter(isLive);
    for (const id of this.#facts.keys()) if (!records.some((record) => record.id === id)) this.#facts.delete(id);
    const own = await diskFacts('its files', this.#options.folder);
    for (const record of records) {
      const facts = await this.#lookAt(record, own).catch((error) => this.#unseen(record, error));
      this.#facts.set(record.id, facts);
    }
  }

  async #lookAt(record: SessionRecord, own: DiskFacts): Promise<Facts> {
    const isThere = await exists(record.worktreePath);
    const worktree = isThere ? [await diskFacts('its worktree', record.worktreePath)] : [];
    return { files: await this.#fileFacts(record, isThere), disks: [own, ...worktree] };
  }

  async #fileFacts(record: SessionRecord, isThere: boolean): Promise<FileFacts> {
    const { files } = this.#options;
    const places = files.places(record.id);
    const reading = await readRecordFile(places.record, record.id);
    const state = reading.state === 'newer' ? 'sound' : reading.state;
    const checkpoint: FileState = !isRunning(record) || (await readLastScreen(places)) ? 'sound' : 'missing';
    const link = record.branch ? { worktree: await worktreeLink(record, isThere) } : {};
    return { record: state, checkpoint, ...link };
  }

  /** What cannot be looked at is concluded from nothing. */
  #unseen({ id }: SessionRecord, error: unknown): Facts {
    this.#options.log.debug('The files of a session could not be looked at', { id, error });
    return {};
  }
}

/** A linked worktree has a file `.git` that names git's own folder for it, which must be there, too. */
async function worktreeLink({ worktreePath }: SessionRecord, isThere: boolean): Promise<'linked' | 'gone' | 'foreign'> {
  if (!isThere) return 'gone';
  const text = await readFile(path.join(worktreePath, '.git'), 'utf8').catch((error) => {
    if (isMissing(error)) return '';
    throw error;
  });
  const folder = /^gitdir: (.+)$/m.exec(text)?.[1];
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
