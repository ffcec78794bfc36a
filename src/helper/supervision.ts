import path from 'node:path';
import { atMost } from '../base/async.ts';
import { CircuitBreaker } from '../core/circuitBreaker.ts';
import { heartbeatInterval } from '../core/heartbeat.ts';
import { isRunning } from '../core/sessionRecord.ts';
import type { SupervisionSettings } from '../core/supervisionPolicy.ts';
import type { Log } from '../node/log.ts';
import type { RepositoryPlaces } from '../node/places.ts';
import { liveness } from '../node/processIdentity.ts';
import type { ServerToken } from '../node/token.ts';
import type { HealthReport } from '../protocol/health.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { ChangesMonitor } from './changesMonitor.ts';
import { DiskQuestions } from './diskQuestions.ts';
import { FileWatch } from './fileWatch.ts';
import { FormerProcess } from './formerProcess.ts';
import { HealthMonitor } from './healthMonitor.ts';
import { isMarkFresh, leaveMark, markInterval } from './helperMark.ts';
import { HostLinks } from './hostLinks.ts';
import { HostStarter } from './hostStarter.ts';
import { HostSupervisor } from './hostSupervisor.ts';
import { Leftovers } from './leftovers.ts';
import type { Registry } from './registry.ts';
import type { SessionFiles } from './sessionFiles.ts';
import { SessionProgress } from './sessionProgress.ts';
import { SessionRecovery } from './sessionRecovery.ts';
import { SessionResources } from './sessionResources.ts';
import { StartFolders } from './startFolders.ts';
import { KeptSettings } from './supervisionSettings.ts';
import { TreeEnder } from './treeEnder.ts';
import { Watchdog } from './watchdog.ts';

/** How often sessions that ended long ago leave the list; milliseconds. */
const archiveInterval = 5 * 60_000;

/** How long a question waits for what sessions have left behind a moment ago; milliseconds. */
const leftoverTime = 1_000;

export interface SupervisionOptions {
  places: RepositoryPlaces;
  /** The folder of the built programs. */
  programs: string;
  token: ServerToken;
  /** Of this helper: hosts refuse those that were superseded. */
  epoch: number;
  files: SessionFiles;
  registry: Registry;
  log: Log;
}

/** All that looks after the sessions' processes. */
export class Supervision {
  readonly supervisor: HostSupervisor;
  readonly recovery: SessionRecovery;
  readonly monitor: HealthMonitor;
  /** What was done in the sessions’ worktrees. */
  readonly changes: ChangesMonitor;
  readonly resources: SessionResources;
  readonly leftovers: Leftovers;
  readonly settings: KeptSettings;
  readonly #places: RepositoryPlaces;
  readonly #watchdog: Watchdog;
  #mark: NodeJS.Timeout | undefined;
  #archiving: NodeJS.Timeout | undefined;

  static async make(options: SupervisionOptions): Promise<Supervision> {
    const { places, log } = options;
    const settings = await KeptSettings.load(places.settingsFile, log);
    return new Supervision(options, settings, await isMarkFresh(places.helperFile));
  }

  private constructor(options: SupervisionOptions, kept: KeptSettings, isSuccessor: boolean) {
    const { places, programs, token, epoch, files, registry, log } = options;
    const hostScript = path.join(programs, 'host.cjs');
    const settings = () => kept.current;
    const breaker = new CircuitBreaker();
    const questions = new DiskQuestions(log);
    const folders = new StartFolders(questions);
    const progress = new SessionProgress({ registry, settings });
    const links = new HostLinks({ token, epoch, files, registry, progress, log, isSuccessor });
    const starter = new HostStarter({ key: places.key, hostScript, files, log });
    this.settings = kept;
    this.#places = places;
    const sessions = () => links.roots();
    this.resources = new SessionResources({ sessions, log, interval: heartbeatInterval });
    const { sampler } = this.resources;
    const mayRun = (id: string) => mayHaveProcess(id, registry, links);
    const trees = new TreeEnder({ sampler, roots: sessions, mayRun, log });
    const former = new FormerProcess({ files, sampler, log });
    this.leftovers = new Leftovers({ registry, links, files, token, epoch, sampler, mayRun, log });
    const hosts = { links, starter, trees, former, leftovers: this.leftovers };
    this.supervisor = new HostSupervisor({ key: places.key, hostScript, files, registry, progress, log, ...hosts });
    const { supervisor } = this;
    this.recovery = new SessionRecovery({ registry, supervisor, files, folders, progress, breaker, settings, log });
    this.#watchdog = new Watchdog({ registry, supervisor, progress, settings, log });
    const watch = new FileWatch({ registry, files, key: places.key, folder: places.folder, questions });
    this.monitor = new HealthMonitor({
      registry,
      links,
      files: watch,
      watchdog: this.#watchdog,
      breaker,
      settings,
      resources: this.resources,
      leftovers: this.leftovers,
      hostState: async (id) => {
        const host = await files.readHost(id);
        return host ? liveness(host) : 'unknown';
      },
      interval: Number(process.env.HOLDFAST_LOOK_MS) || heartbeatInterval,
      log,
    });
    this.recovery.onNotice(() => this.monitor.noteStarts());
    const lastOutput = (record: SessionRecord) => this.monitor.lastOutput(record);
    this.changes = new ChangesMonitor({ key: places.key, registry, questions, lastOutput, log });
    this.monitor.onLook(() => this.changes.noteOutput());
  }

  /** How all sessions are, with what those have left behind that have ended just now. */
  async health(): Promise<HealthReport> {
    await atMost(leftoverTime, this.leftovers.noted());
    return this.monitor.report();
  }

  /** Once the hosts that live are taken in. */
  start(): void {
    this.recovery.resume();
    this.monitor.start();
    void this.leftovers.recall();
    this.#mark = setInterval(() => void leaveMark(this.#places.helperFile), markInterval);
    this.#archiving = setInterval(() => void this.#watchdog.archive(), archiveInterval);
    void this.#watchdog.archive();
  }

  /** What the user has set holds at once, also for sessions that have ended. */
  async configure(settings: SupervisionSettings): Promise<void> {
    await this.settings.set(settings);
    void this.#watchdog.archive();
  }

  dispose(): void {
    clearInterval(this.#mark);
    clearInterval(this.#archiving);
    this.changes.dispose();
    this.monitor.dispose();
    this.leftovers.dispose();
    this.resources.sampler.dispose();
    this.recovery.dispose();
    this.supervisor.dispose();
  }
}

/** A host that does not answer may run one as well. */
function mayHaveProcess(id: string, registry: Registry, links: HostLinks): boolean {
  const record = registry.get(id);
  return links.get(id) !== undefined || links.isUnreachable(id) || (record !== undefined && isRunning(record));
}
