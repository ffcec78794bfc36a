import { Emitter } from '../base/event.ts';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { isGoingOn } from '../core/sessionRecord.ts';
import { changedPolicy, type PolicyChanges, type PolicySettings } from '../core/supervisionPolicy.ts';
import type { HealthReport, Leftover, SessionHealth } from '../protocol/health.ts';
import type { KeptSession } from '../protocol/helperRpc.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { HelperClient } from './helperClient.ts';
import {
  type CleanUpOptions,
  type CleanUpResult,
  cleanUp,
  resumeAll,
  type SessionResult,
  stopAll,
} from './manySessions.ts';
import { checkPolicyChanges } from './sessionChoices.ts';
import type { SessionManager } from './sessionManager.ts';

export interface SessionSupervisionOptions {
  manager: Pick<SessionManager, 'list' | 'get' | 'require' | 'stop' | 'restart' | 'prepareToDestroy'>;
  helper: HelperClient;
  keepDone: (record: SessionRecord) => Promise<SessionRecord>;
  /** What the user has set about policies. */
  settings: () => PolicySettings;
}

/** What a window knows of its sessions’ health, and what it does about it: for one, or for many at once. */
export class SessionSupervision implements Disposable {
  readonly #options: SessionSupervisionOptions;
  readonly #disposables = new DisposableStore();
  readonly #onHealth = new Emitter<HealthReport>();
  /** Something about the sessions’ health is to be told anew. */
  readonly onHealth = this.#onHealth.event;
  #latest: HealthReport | undefined;
  /** How many reports were pushed: no clock orders them. */
  #pushes = 0;

  constructor(options: SessionSupervisionOptions) {
    this.#options = options;
    const { helper } = options;
    this.#disposables.add(helper.onHealth((report) => this.#accept(report)));
    this.#disposables.add(
      helper.onConnectionChange((isConnected) => {
        // An older helper tells none, and what cannot be had is told with the next change.
        if (isConnected) void this.#begin();
      }),
    );
  }

  /** The last report; undefined before the first. What sessions use is as old as it. */
  get latest(): HealthReport | undefined {
    return this.#latest;
  }

  /** How a session was when that was last told. */
  healthOf(id: string): SessionHealth | undefined {
    return this.#latest?.sessions.find((session) => session.id === id);
  }

  /** How all sessions are, asked for anew. @throws {HoldfastError} `PROTOCOL_MISMATCH` from an older helper */
  async health(): Promise<HealthReport> {
    const pushes = this.#pushes;
    const report = await this.#options.helper.health();
    // A change that was pushed meanwhile is newer than the answer, or in it.
    if (pushes === this.#pushes) this.#latest = report;
    return report;
  }

  /** Tells the helper what the user has set by now. */
  configure(): Promise<void> {
    return this.#options.helper.configure();
  }

  /** Starts a session that waits for its next automatic restart at once; another one is returned as it is. */
  async retryNow(id: string): Promise<SessionRecord> {
    const { manager, helper, keepDone } = this.#options;
    return keepDone(await helper.retryNow(manager.require(id).id));
  }

  /** Leaves such a session as failed. */
  async giveUp(id: string): Promise<SessionRecord> {
    const { manager, helper, keepDone } = this.#options;
    return keepDone(await helper.giveUp(manager.require(id).id));
  }

  /** Ends what a session has left behind. @throws {HoldfastError} `SESSION_NOT_FOUND`, `TIMEOUT` */
  endLeftover(leftover: Pick<Leftover, 'sessionId' | 'pid'>): Promise<void> {
    return this.#options.helper.endLeftover(leftover);
  }

  /** Makes a session again of a host that has none. @throws {HoldfastError} `SESSION_NOT_FOUND`, `NAME_EXISTS`, `BRANCH_EXISTS` */
  async adoptHost(sessionId: string): Promise<SessionRecord> {
    return this.#options.keepDone(await this.#options.helper.adoptHost(sessionId));
  }

  /**
   * Lets a session go on that is about to be ended since its time is over: of this run alone the limits that are near
   * count anew. Returns when the next one will end it.
   *
   * @param startedAt of the run that is meant, as its record has it; absent for whichever there is
   * @throws {HoldfastError} `SESSION_NOT_FOUND`, `SESSION_NOT_RUNNING`, `TIMEOUT`
   */
  async keepRunning(id: string, startedAt?: string): Promise<KeptSession> {
    const { manager, helper } = this.#options;
    return helper.keepRunning(manager.require(id).id, startedAt);
  }

  /** Stops a session’s process, or its recovery. */
  cancel(id: string): Promise<SessionRecord> {
    return this.#options.manager.stop(id);
  }

  /**
   * Changes what applies to a session; what is not named stays, and null takes back what it has of its own.
   *
   * @throws {HoldfastError} `INVALID_ARGUMENT`
   */
  async setPolicy(id: string, changes: PolicyChanges): Promise<SessionRecord> {
    const { manager, helper, keepDone, settings } = this.#options;
    const wanted = checkPolicyChanges(changes);
    const changed = await helper.update(manager.require(id), ({ policy }) => ({
      policy: changedPolicy(policy, wanted, settings()),
    }));
    return keepDone(changed);
  }

  /**
   * Stops all sessions that run, or are about to by themselves.
   *
   * @param planned what was agreed to, if anybody was asked: no other session is stopped
   */
  stopAll(planned?: readonly SessionRecord[]): Promise<SessionResult[]> {
    const { manager } = this.#options;
    const agreed = planned && new Set(planned.map(({ id }) => id));
    const sessions = manager.list().filter((record) => isGoingOn(record) && (agreed?.has(record.id) ?? true));
    return stopAll(sessions, ({ id }) => manager.stop(id));
  }

  /** Starts all sessions whose process went with the machine, or while nobody looked. */
  resumeAll(): Promise<SessionResult[]> {
    const { manager } = this.#options;
    return resumeAll(manager.list(), async ({ id }) => (await manager.restart(id, { isResumed: true })).record);
  }

  /**
   * Destroys the sessions that are over and old, after one backup of the list.
   *
   * @param planned what was agreed to, if anybody was asked: no other session goes
   */
  cleanUp(options: CleanUpOptions, planned?: readonly SessionRecord[]): Promise<CleanUpResult[]> {
    const { manager } = this.#options;
    const sessions = planned?.filter(({ id }) => manager.get(id)) ?? manager.list();
    let prepared: ReturnType<typeof manager.prepareToDestroy> | undefined;
    return cleanUp(sessions, options, {
      look: async (id) => {
        // Only where there is something to destroy, and for all of it.
        prepared ??= manager.prepareToDestroy();
        await prepared;
        return manager.require(id);
      },
      destroy: async ({ id }) => (await (prepared ?? manager.prepareToDestroy()))(id),
    });
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  async #begin(): Promise<void> {
    const report = await this.health().catch(() => undefined);
    if (report && report === this.#latest) this.#onHealth.fire(report);
  }

  #accept(report: HealthReport): void {
    this.#pushes++;
    this.#latest = report;
    this.#onHealth.fire(report);
  }
}
