import { stat } from 'node:fs/promises';
import { withDeadline } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { Emitter, nextEvent } from '../base/event.ts';
import type { Starter } from '../core/recovery.ts';
import { isRecovering, isRunning } from '../core/sessionRecord.ts';
import { portIn } from '../core/sessionVariables.ts';
import { isGoingOnAfterSetup, launchOfNow, setupAtStart } from '../core/setup.ts';
import type { Log } from '../node/log.ts';
import { pausePoint } from '../node/pausePoint.ts';
import type { RegistryChange } from '../protocol/helperRpc.ts';
import type { HostFile, LaunchSpec } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { FormerProcess } from './formerProcess.ts';
import { doesNotEnd, mayStillRun } from './hostErrors.ts';
import type { HostLinks } from './hostLinks.ts';
import type { HostStarter } from './hostStarter.ts';
import type { Leftovers } from './leftovers.ts';
import type { Registry } from './registry.ts';
import type { SessionFiles } from './sessionFiles.ts';
import type { SessionProgress } from './sessionProgress.ts';
import type { TreeEnder, TreePart } from './treeEnder.ts';
import { requireOwnWorktree } from './worktreeGuard.ts';

/** What a process that was told to end gets on top of its grace time until its host reports; milliseconds. */
const stopMargin = 10_000;

export interface HostSupervisorOptions {
  /** Of the repository. */
  key: string;
  /** The bundle of the session host. */
  hostScript: string;
  files: SessionFiles;
  registry: Registry;
  links: HostLinks;
  starter: HostStarter;
  progress: SessionProgress;
  trees: TreeEnder;
  former: FormerProcess;
  leftovers: Pick<Leftovers, 'noteStubborn'>;
  log: Log;
}

interface TreeEnd {
  part: TreePart;
  graceMs: number;
}

/** Starts and stops sessions’ processes, each seen to have done so before it is reported. */
export class HostSupervisor {
  readonly #options: HostSupervisorOptions;
  readonly links: HostLinks;
  readonly #onStart = new Emitter<string>();
  /** The id of a session whose process was started; one that ran already is not told of. */
  readonly onStart = this.#onStart.event;

  constructor(options: HostSupervisorOptions) {
    this.#options = options;
    this.links = options.links;
  }

  /** Whether the program of the session host is still where this helper was started from. */
  async canStart(): Promise<boolean> {
    return stat(this.#options.hostScript).then(
      () => true,
      () => false,
    );
  }

  /** @throws {HoldfastError} see {@link HostStarter.start} and {@link FormerProcess.end}; `SESSION_NOT_FOUND` */
  start(launch: LaunchSpec): Promise<SessionRecord> {
    return this.links.inTurn(launch.sessionId, () => this.startInTurn(launch, 'user'));
  }

  /**
   * The same for one that has its turn already. Starting one that runs returns its record.
   *
   * @throws {HoldfastError} also as {@link requireOwnWorktree}
   */
  async startInTurn(launch: LaunchSpec, by: Starter): Promise<SessionRecord> {
    const id = launch.sessionId;
    const { files, registry, former } = this.#options;
    registry.require(id);
    await this.links.adoptUntried(id);
    if (this.links.get(id)) return registry.require(id);
    if (this.links.isUnreachable(id)) throw mayStillRun(registry.require(id), await files.readHost(id));
    await requireOwnWorktree(registry.require(id), this.#options.key);
    // What a step of the setup has left running on purpose, the next one may need.
    await former.end(id, isGoingOnAfterSetup(registry.require(id)) ? 'user' : by);
    const { notice: _, ...again } = launch;
    this.links.rememberLaunch(again);
    const record = await registry.apply(id, (current) => setupAtStart(current, launch, by));
    return this.#startHost(launchOfNow(launch, record), by);
  }

  /**
   * Ends a session's process, or its recovery; resolves once its record says so.
   *
   * @throws {HoldfastError} `TIMEOUT` when the process does not end, or its host does not answer.
   */
  async stop(id: string, graceMs: number): Promise<SessionRecord> {
    const { registry, progress } = this.#options;
    registry.require(id);
    // All that takes time is queued, so that of two stops the later one's grace counts.
    const host = await this.links.inTurn(id, async () => {
      await this.links.adopt(id);
      await this.#takeOver(id);
      const record = registry.require(id);
      if (isRecovering(record) && !this.links.isUnreachable(id)) await progress.lost(id, { kind: 'stopped' });
      return this.#options.files.readHost(id);
    });
    const record = await this.#endTree(id, { part: 'attached', graceMs }, host);
    // It crashed before it was told to end.
    return isRecovering(record) ? progress.lost(id, { kind: 'stopped' }) : record;
  }

  /** Ends a session's process for a reason that its record tells; what follows may be a recovery. @throws as {@link stop} */
  async end(id: string, graceMs: number): Promise<SessionRecord> {
    const host = await this.#options.files.readHost(id);
    return this.#endTree(id, { part: 'all', graceMs }, host);
  }

  /** Lets go of the hosts, which run on. */
  dispose(): void {
    this.links.dispose();
  }

  /** Whatever the watchdog was about, it is the user now who ends it; that it cannot be noted must not keep it alive. */
  async #takeOver(id: string): Promise<void> {
    const { registry, progress, log } = this.#options;
    await progress
      .noteEnding(registry.require(id), undefined)
      .catch((error) => log.warn('That the user ends a session could not be written down', { id, error }));
  }

  /** Its host ends what is in its terminal's process groups; all else that came of it is ended beside that. */
  async #endTree(id: string, { part, graceMs }: TreeEnd, host: HostFile | undefined): Promise<SessionRecord> {
    if (!this.links.get(id)) return this.#hangUp(id, graceMs, host);
    const { trees, leftovers } = this.#options;
    const begunAt = performance.now();
    const tree = await trees.find(id, part);
    const kill = async () => {
      const patience = Math.max(0, graceMs - (performance.now() - begunAt));
      await leftovers.noteStubborn(id, await trees.kill(id, tree, patience));
    };
    // A host that hangs must not keep alive what is over its limit; of a stop the user is told that it failed.
    const isForced = part === 'all';
    const hangUp = (told: Promise<void>) =>
      (isForced ? told.catch(() => undefined) : told).then(() => trees.hangUp(tree));
    const record = await this.#hangUp(id, graceMs, host, hangUp).catch(async (error) => {
      if (isForced) await this.links.inTurn(id, kill);
      throw error;
    });
    // Two of them would work in one worktree, and those of the next one have the same marks: all is gone before that.
    await (isRecovering(record) || isForced ? this.links.inTurn(id, kill) : kill());
    return record;
  }

  async #hangUp(
    id: string,
    graceMs: number,
    host: HostFile | undefined,
    alsoHangUp: (told: Promise<void>) => Promise<void> = (told) => told,
  ): Promise<SessionRecord> {
    const { registry } = this.#options;
    // Its end may be known already, and be about to be noted.
    if (!this.links.get(id)) await this.links.inTurn(id, () => this.links.adopt(id));
    const link = this.links.get(id);
    const record = registry.require(id);
    // A host may live of which the record has never heard: its helper was killed before it could note the start.
    if (!isRunning(record) && !this.links.isUnreachable(id)) return record;
    if (!link) throw doesNotEnd(record, host);
    const giveUp = new AbortController();
    const isEnd = (change: RegistryChange) => change.record.id === id && !isRunning(change.record);
    const ended = nextEvent(registry.onChange, isEnd, giveUp.signal);
    link.stop(graceMs);
    // Not before the host knows that the end is asked for, or it would count as a crash.
    alsoHangUp(link.ping()).catch((error) =>
      this.#options.log.debug('Not all processes of a session were hung up', { id, error }),
    );
    try {
      return (await withDeadline(ended, graceMs + stopMargin, () => doesNotEnd(record, host, { isTold: true }))).record;
    } finally {
      giveUp.abort();
    }
  }

  async #startHost(launch: LaunchSpec, by: Starter): Promise<SessionRecord> {
    const { files, registry, starter, progress } = this.#options;
    const id = launch.sessionId;
    const ptyPid = await starter.start(launch).catch((error) => this.#startedByAnother(id, error));
    if (ptyPid === undefined) return registry.require(id);
    await pausePoint('helper-host-spawned');
    const host = await files.readHost(id);
    const record = await progress.started(id, ptyPid, { by, port: portIn(launch.env) });
    if (host?.exit) await progress.exited(id, host.exit);
    else if (host) await this.#link(id, host);
    this.#onStart.fire(id);
    return registry.get(id) ?? record;
  }

  async #link(id: string, host: HostFile): Promise<void> {
    this.links.noteRoot(id, host);
    await this.links.link(id, host.socket).catch((cause) => this.#linkFailed(id, cause));
  }

  /** A host that was started by a helper killed in the middle of it may be there, and is as good. */
  async #startedByAnother(id: string, error: unknown): Promise<undefined> {
    if (error instanceof HoldfastError && error.code === 'SESSION_RUNNING') await this.links.adopt(id);
    if (!this.links.get(id)) throw error;
  }

  async #linkFailed(id: string, error: unknown): Promise<void> {
    this.#options.log.warn('The new session host was gone before it could be reached', { id, error });
    await this.links.adopt(id);
  }
}
