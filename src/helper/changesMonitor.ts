import { atMost, Throttler } from '../base/async.ts';
import { Emitter } from '../base/event.ts';
import type { Disposable } from '../base/lifecycle.ts';
import type { SessionWork } from '../core/overlap.ts';
import { type RefreshReason, type RefreshResult, RefreshSchedule } from '../core/refreshSchedule.ts';
import { isLive } from '../core/sessionRecord.ts';
import { changesDelta, isSameChanges } from '../core/worktreeChanges.ts';
import type { Log } from '../node/log.ts';
import type { ChangesDelta, ChangesReport, WorktreeChanges } from '../protocol/changes.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { BaseCommits } from './baseCommits.ts';
import type { DiskQuestions } from './diskQuestions.ts';
import { FolderWatches, type WatchedFolder } from './folderWatches.ts';
import { OverlapRadar } from './overlapRadar.ts';
import { PacedGit } from './pacedGit.ts';
import { refFolders } from './refFolders.ts';
import type { Registry } from './registry.ts';
import { WorktreeFolders } from './worktreeFolders.ts';
import { WorktreeLook } from './worktreeLook.ts';

/** Stands in the schedule for the comparison of two sessions; no session has such an id. */
const radar = 'radar';

/** What several looks find within so long is told at once; milliseconds. */
const newsPause = 100;

/** How often worktrees are looked at that the system cannot watch: at their files alone; milliseconds. */
const unwatchedInterval = 30_000;

/** What a session says it does may still go on for so long: it is looked at once more after that; milliseconds. */
const settling = 2_000;

/** How long every pair of sessions is compared for somebody who waits for it; milliseconds. */
const checkTime = 40_000;

export interface ChangesMonitorOptions {
  /** Of the repository. */
  key: string;
  registry: Pick<Registry, 'list' | 'get' | 'onChange'>;
  questions: Pick<DiskQuestions, 'ask'>;
  /** When a session's process last printed something, by the monotonic clock, milliseconds; undefined where unknown. */
  lastOutput: (record: SessionRecord) => number | undefined;
  log: Log;
  git?: PacedGit;
  /** By a monotonic clock; milliseconds. */
  monotonic?: () => number;
  now?: () => Date;
}

/**
 * Knows what was done in the sessions' worktrees, while anybody wants to. It goes by what happens, and by no clock:
 * where nothing happens it starts no process.
 */
export class ChangesMonitor implements Disposable {
  readonly #options: ChangesMonitorOptions;
  readonly #git: PacedGit;
  readonly #bases: BaseCommits;
  readonly #radar: OverlapRadar;
  readonly #gitWatches: FolderWatches;
  readonly #fileWatches: FolderWatches;
  readonly #folders: WorktreeFolders;
  readonly #schedule = new RefreshSchedule();
  readonly #looks = new Map<string, WorktreeLook>();
  readonly #changes = new Map<string, WorktreeChanges>();
  readonly #unwatched = new Set<string>();
  readonly #working = new Throttler(() => this.#work());
  readonly #onChange = new Emitter<ChangesDelta>();
  readonly onChange = this.#onChange.event;
  /** What of each record matters here. */
  readonly #records = new Map<string, string>();
  readonly #recordChanges: Disposable;
  #told: ChangesReport;
  #isWatched = false;
  #isDisposed = false;
  #timer: NodeJS.Timeout | undefined;
  #news: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  #waiting: (() => void)[] = [];
  #unwatchedAt = 0;

  constructor(options: ChangesMonitorOptions) {
    this.#options = options;
    this.#git = options.git ?? new PacedGit();
    this.#bases = new BaseCommits((args, cwd) => this.#git.run(args, cwd));
    this.#radar = new OverlapRadar({ git: this.#git, monotonic: () => this.#now() });
    this.#gitWatches = new FolderWatches(options.log);
    this.#fileWatches = new FolderWatches(options.log);
    this.#folders = new WorktreeFolders({ run: (args, cwd) => this.#git.run(args, cwd) });
    this.#recordChanges = options.registry.onChange(({ record }) => this.#recordChanged(record));
    this.#told = this.#report();
  }

  /** What is known by now; whatever of it was not told yet is told first, so that later changes follow from it. */
  report(): ChangesReport {
    this.#tell();
    return this.#told;
  }

  #report(): ChangesReport {
    const at = (this.#options.now?.() ?? new Date()).toISOString();
    const sessions = this.#sessions().flatMap(({ id }) => this.#changes.get(id) ?? []);
    return { at, sessions, overlaps: this.#radar.overlaps(this.#works()) };
  }

  /** Whether there is anybody who wants to know; without, nothing is looked at. */
  setWatched(isWatched: boolean): void {
    if (this.#isWatched === isWatched || this.#isDisposed) return;
    this.#isWatched = isWatched;
    // What was seen before nobody wanted to know may be long past.
    if (isWatched) this.#changes.clear();
    if (isWatched) this.refresh();
    else this.#rest();
  }

  /** Something may have happened in these sessions' worktrees, or with no ids, somebody wants to see all of them. */
  refresh(ids?: readonly string[]): void {
    if (ids === undefined) for (const { id } of this.#sessions()) this.#mark(id, 'look');
    else for (const id of ids) this.#mark(id, 'files');
  }

  /** Resolves once there is nothing more to be looked at, or after so many milliseconds. */
  async settled(patience: number): Promise<void> {
    if (!this.#isWatched) return;
    const idle = new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#wake();
    await atMost(patience, idle);
  }

  /** Resolves once every session was looked at since somebody wants to know, or after so many milliseconds. */
  async known(patience: number): Promise<void> {
    if (!this.#isWatched || this.#isComplete()) return;
    const complete = new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#wake();
    await atMost(patience, complete);
  }

  #isComplete(): boolean {
    return this.#sessions().every(({ id }) => this.#changes.has(id));
  }

  /** Compares every session with every other one, also those that change no file in common. */
  async checkOverlaps(): Promise<ChangesReport> {
    await this.#radar.checkAll(this.#works(), checkTime);
    return this.report();
  }

  /** The hosts were just asked: what has printed something may have changed something. */
  noteOutput(): void {
    if (!this.#isWatched) return;
    for (const record of this.#sessions()) {
      const printedAt = this.#options.lastOutput(record);
      const askedAt = this.#looks.get(record.id)?.askedAt ?? Number.NEGATIVE_INFINITY;
      if (printedAt !== undefined && printedAt + settling > askedAt) this.#mark(record.id, 'output');
    }
    this.#lookAtUnwatched();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#isWatched = false;
    this.#rest();
    this.#recordChanges.dispose();
  }

  #rest(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#news);
    this.#news = undefined;
    this.#gitWatches.dispose();
    this.#fileWatches.dispose();
    this.#unwatched.clear();
  }

  #lookAtUnwatched(): void {
    if (this.#now() - this.#unwatchedAt < unwatchedInterval) return;
    this.#unwatchedAt = this.#now();
    for (const id of this.#unwatched) this.#mark(id, 'git');
  }

  /** A session that has ended may have done something to the last. */
  #recordChanged(record: SessionRecord): void {
    const { id, status, worktreePath, baseBranch, baseCommit } = record;
    if (!isLive(record)) this.#forget();
    if (!isLive(record) || !hasWorktree(record)) return;
    const kept = JSON.stringify([status, worktreePath, baseBranch, baseCommit]);
    if (this.#records.get(id) !== kept) this.#mark(id, 'files');
    this.#records.set(id, kept);
  }

  #forget(): void {
    const sessions = this.#sessions();
    const known = new Set(sessions.map(({ id }) => id));
    for (const map of [this.#looks, this.#changes, this.#records]) {
      for (const id of map.keys()) if (!known.has(id)) map.delete(id);
    }
    for (const owner of [this.#gitWatches, this.#fileWatches, this.#folders]) owner.forgetOthers(known);
    this.#bases.forgetOthers(new Set(sessions.map(({ baseBranch }) => baseBranch)));
    this.#schedule.forgetOthers(new Set([...known, radar]));
    this.#noteNews();
  }

  #mark(id: string, reason: RefreshReason): void {
    if (!this.#isWatched) return;
    this.#schedule.mark(id, reason, this.#now());
    this.#wake();
  }

  #wake(): void {
    clearTimeout(this.#timer);
    if (this.#isWatched) void this.#working.run();
  }

  /** One after the other, until nothing is due. */
  async #work(): Promise<void> {
    clearTimeout(this.#timer);
    while (this.#isWatched) {
      const next = this.#schedule.next(this.#now());
      if (next?.kind !== 'look') {
        if (next) this.#timer = setTimeout(() => this.#wake(), next.ms);
        else for (const resolve of this.#idle.splice(0)) resolve();
        return;
      }
      await this.#lookAt(next.id, next.reasons);
    }
  }

  async #lookAt(id: string, reasons: ReadonlySet<RefreshReason>): Promise<void> {
    const since = this.#now();
    const result = id === radar ? await this.#compare() : await this.#lookAtSession(id, reasons);
    this.#schedule.done(id, result, { now: this.#now(), took: this.#now() - since });
    if (result === 'different') this.#noteNews();
    if (this.#waiting.length > 0 && this.#isComplete()) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async #lookAtSession(id: string, reasons: ReadonlySet<RefreshReason>): Promise<RefreshResult> {
    const record = this.#options.registry.get(id);
    if (!record || !isLive(record) || !hasWorktree(record)) return 'skipped';
    const look = this.#lookOf(record);
    const before = this.#changes.get(id);
    // What is watched before it is looked at need not be looked at once more.
    if (look.link || (await look.find(record))) await this.#watch(record, look);
    const changes = await look.look(record, reasons);
    // It may have been destroyed meanwhile.
    if (this.#looks.get(id) !== look) return 'skipped';
    this.#changes.set(id, changes);
    const missed = await this.#watch(record, look);
    if (missed) this.#mark(id, missed);
    const isSame = before !== undefined && isSameChanges(before, changes);
    if (!isSame && this.#hasPending()) this.#mark(radar, 'git');
    return isSame ? 'same' : 'different';
  }

  #lookOf({ id }: SessionRecord): WorktreeLook {
    const { key, questions, now = () => new Date() } = this.#options;
    const options = { key, questions, now, monotonic: () => this.#now(), bases: this.#bases };
    const look = this.#looks.get(id) ?? new WorktreeLook({ ...options, run: (args, cwd) => this.#git.run(args, cwd) });
    this.#looks.set(id, look);
    return look;
  }

  /** One pair, so that many of them keep no session waiting. */
  async #compare(): Promise<RefreshResult> {
    await this.#radar.checkOne(this.#works());
    if (this.#hasPending()) this.#mark(radar, 'git');
    return 'different';
  }

  #hasPending(): boolean {
    return this.#radar.hasPending(this.#works());
  }

  #works(): SessionWork[] {
    return this.#sessions().flatMap(({ id, worktreePath: folder }) => {
      const seen = this.#looks.get(id)?.seen;
      if (!seen) return [];
      const { changes, committed, uncommitted } = seen;
      return [{ id, folder, head: changes.head, committed, uncommitted }];
    });
  }

  /**
   * Returns what may have changed before it began to watch. What is not there any more is looked for now and then, for
   * nothing tells that it has come back.
   */
  async #watch(record: SessionRecord, look: WorktreeLook): Promise<RefreshReason | undefined> {
    const { id } = record;
    const files = await this.#filesOf(record, look);
    if (!this.#isWatched || this.#looks.get(id) !== look) return undefined;
    const state = this.#gitWatches.set(id, this.#gitFoldersOf(record, look));
    if (look.link && state !== 'failed') this.#unwatched.delete(id);
    else this.#unwatched.add(id);
    if (this.#fileWatches.set(id, files) === 'begun') return 'disk';
    return state === 'begun' ? 'git' : undefined;
  }

  #gitFoldersOf({ id, branch, baseBranch }: SessionRecord, { link, seen }: WorktreeLook): WatchedFolder[] {
    if (!link) return [];
    const refs = refFolders(link.commonDir, [seen?.changes.branch ?? branch, baseBranch]);
    const own = { folder: link.gitDir, onChange: () => this.#mark(id, 'git') };
    return [own, ...refs.map((one) => ({ ...one, onChange: () => this.#mark(id, 'base') }))];
  }

  async #filesOf(record: SessionRecord, { link, seen }: WorktreeLook): Promise<WatchedFolder[]> {
    if (!link || !this.#isWatched) return [];
    const shared = { commonDir: link.commonDir, sessions: this.#sessions().length };
    const folders = await this.#folders.of(record, seen, shared);
    return folders.map((one) => ({ ...one, onChange: () => this.#mark(record.id, 'disk') }));
  }

  /** In the order of the list. */
  #sessions(): SessionRecord[] {
    return this.#options.registry.list().records.filter((record) => isLive(record) && hasWorktree(record));
  }

  #noteNews(): void {
    if (this.#isWatched) this.#news ??= setTimeout(() => this.#tell(), newsPause);
  }

  #tell(): void {
    clearTimeout(this.#news);
    this.#news = undefined;
    const report = this.#report();
    const delta = changesDelta(this.#told, report);
    this.#told = report;
    if (delta) this.#onChange.fire(delta);
  }

  #now(): number {
    return this.#options.monotonic?.() ?? performance.now();
  }
}

function hasWorktree({ branch }: SessionRecord): boolean {
  return branch !== '';
}
