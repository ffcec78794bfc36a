import { Throttler } from '../base/async.ts';
import type { CascadeFacts, DiskFacts, FileFacts } from '../core/cascade.ts';
import { isLive } from '../core/sessionRecord.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { DiskAnswer, DiskQuestions } from './diskQuestions.ts';
import { type FileLooks, fileLooks, type WorktreeFacts } from './fileLooks.ts';
import type { Registry } from './registry.ts';
import type { SessionFiles } from './sessionFiles.ts';

/** How often files and disks are looked at: they change seldom, and each look costs some reads a session. Milliseconds. */
const interval = 60_000;

/** What was seen longer ago says nothing of now; milliseconds. */
const maxAge = 3 * interval;

export interface FileWatchOptions {
  registry: Pick<Registry, 'list'>;
  files: Pick<SessionFiles, 'places'>;
  /** Of the repository. */
  key: string;
  /** The folder of the sessions’ files. */
  folder: string;
  questions: DiskQuestions;
  /** By a monotonic clock; milliseconds. */
  monotonic?: () => number;
  looks?: FileLooks;
}

type SessionFileFacts = Awaited<ReturnType<FileLooks['files']>>;

type Facts = Pick<CascadeFacts, 'files' | 'disks'>;

/** Looks at the files of the sessions and at the disks they are on, every minute. */
export class FileWatch {
  readonly #options: FileWatchOptions;
  readonly #looks: FileLooks;
  readonly #looking = new Throttler(() => this.#lookIfDue());
  readonly #seen = new Map<string, { facts: Facts; at: number }>();
  /** Whose worktrees were there at some look. */
  readonly #made = new Set<string>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: FileWatchOptions) {
    this.#options = options;
    this.#looks = options.looks ?? fileLooks;
  }

  /** What was seen of a session; nothing where it was not looked at of late. */
  of(id: string): Facts {
    const seen = this.#seen.get(id);
    return seen && this.#now() - seen.at < maxAge ? seen.facts : {};
  }

  /** Does nothing where it has looked a moment ago. */
  look(): Promise<void> {
    return this.#looking.run();
  }

  async #lookIfDue(): Promise<void> {
    if (this.#now() - this.#lookedAt < interval) return;
    this.#lookedAt = this.#now();
    const records = this.#options.registry.list().records.filter(isLive);
    for (const id of this.#seen.keys()) if (!records.some((record) => record.id === id)) this.#forget(id);
    const own = await this.#options.questions.ask('folder', () => this.#looks.disk('its files', this.#options.folder));
    // One after the other, so that few of them wait at a time for a disk that hangs.
    for (const record of records) {
      this.#seen.set(record.id, { facts: await this.#lookAt(record, own), at: this.#now() });
    }
  }

  async #lookAt(record: SessionRecord, own: DiskAnswer<DiskFacts>): Promise<Facts> {
    const { id } = record;
    const { key } = this.#options;
    const files = await this.#askForFiles(record, own);
    const worktree = await this.#options.questions.ask(`worktree of ${id}`, () => this.#looks.worktree(record, key));
    const ownDisk = files.state === 'silent' ? files : own;
    return {
      ...(files.state === 'answered' ? { files: { ...files.value, ...this.#linkOf(id, worktree) } } : {}),
      disks: [...diskOf('its files', ownDisk), ...worktreeDisk(worktree)],
    };
  }

  /** They are on a disk that need not be asked where it has just not answered. */
  async #askForFiles(record: SessionRecord, own: DiskAnswer<DiskFacts>): Promise<DiskAnswer<SessionFileFacts>> {
    if (own.state === 'silent') return own;
    const places = this.#options.files.places(record.id);
    return this.#options.questions.ask(`files of ${record.id}`, () => this.#looks.files(record, places));
  }

  #linkOf(id: string, answer: DiskAnswer<WorktreeFacts>): Pick<FileFacts, 'worktree'> {
    const link = answer.state === 'answered' ? answer.value.link : undefined;
    if (link === undefined) return {};
    if (link.state !== 'gone') this.#made.add(id);
    return { worktree: link.state === 'gone' && this.#made.has(id) ? { ...link, wasThere: true } : link };
  }

  #forget(id: string): void {
    this.#seen.delete(id);
    this.#made.delete(id);
  }

  #now(): number {
    return this.#options.monotonic?.() ?? performance.now();
  }
}

function diskOf(holds: string, answer: DiskAnswer<DiskFacts>): DiskFacts[] {
  if (answer.state === 'unknown') return [];
  return [answer.state === 'silent' ? { holds, isSilent: true } : answer.value];
}

function worktreeDisk(answer: DiskAnswer<WorktreeFacts>): DiskFacts[] {
  if (answer.state !== 'answered') return diskOf('its worktree', answer);
  return answer.value.disk ? [answer.value.disk] : [];
}
