import { Emitter } from '../base/event.ts';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { withDelta } from '../core/worktreeChanges.ts';
import type { ChangesDelta, ChangesReport, Overlap, WorktreeChanges } from '../protocol/changes.ts';
import type { HelperClient } from './helperClient.ts';

/** What of the helper's client this needs. */
export type ChangesSource = Pick<
  HelperClient,
  'changes' | 'refreshChanges' | 'checkOverlaps' | 'onChanges' | 'onConnectionChange'
>;

const nothing: ChangesReport = { at: new Date(0).toISOString(), sessions: [], overlaps: [] };

/**
 * What a window knows of what was done in its sessions’ worktrees. With an older helper nothing is known, and nothing
 * is shown.
 */
export class SessionChanges implements Disposable {
  readonly #helper: ChangesSource;
  readonly #disposables = new DisposableStore();
  readonly #onChange = new Emitter<void>();
  /** Something of it is to be shown anew. */
  readonly onChange = this.#onChange.event;
  #latest = nothing;
  #byId = new Map<string, WorktreeChanges>();

  constructor(helper: ChangesSource) {
    this.#helper = helper;
    this.#disposables.add(helper.onChanges((delta) => this.#apply(delta)));
    this.#disposables.add(
      helper.onConnectionChange((isConnected) => {
        if (isConnected) void this.#begin();
      }),
    );
  }

  get latest(): ChangesReport {
    return this.#latest;
  }

  /** Undefined where nobody has looked yet, of a session without a worktree, and with an older helper. */
  changesOf(id: string): WorktreeChanges | undefined {
    return this.#byId.get(id);
  }

  /** The sessions that a session is in the way of, with what both change and what would come of a merge. */
  overlapsOf(id: string): Overlap[] {
    return this.#latest.overlaps.filter(({ ids }) => ids.includes(id));
  }

  /** Tells the helper that something may have happened there, or without ids, that somebody looks. */
  refresh(ids?: readonly string[]): Promise<void> {
    return this.#helper.refreshChanges(ids);
  }

  /**
   * Compares every session with every other one, and tells what was found.
   *
   * @throws {HoldfastError} `PROTOCOL_MISMATCH` from an older helper; `TIMEOUT`
   */
  async check(): Promise<Overlap[]> {
    const report = await this.#helper.checkOverlaps();
    this.#accept(report);
    return report.overlaps;
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  async #begin(): Promise<void> {
    const report = await this.#helper.changes(0).catch(() => nothing);
    this.#accept(report);
  }

  #apply(delta: ChangesDelta): void {
    this.#accept(withDelta(this.#latest, delta));
  }

  #accept(report: ChangesReport): void {
    this.#latest = report;
    this.#byId = new Map(report.sessions.map((one) => [one.id, one]));
    this.#onChange.fire();
  }
}
