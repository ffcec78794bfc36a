import path from 'node:path';
import { delay } from '../base/async.ts';
import { backoff } from '../base/backoff.ts';
import { fromErrorShape, HoldfastError } from '../base/errors.ts';
import { startBackground } from '../node/backgroundProcess.ts';
import { canBeJudged, describeOwner, type LockOwner, readLock } from '../node/lockOwner.ts';
import { type Machine, type RepositoryPlaces, repositoryPlaces } from '../node/places.ts';
import { liveness } from '../node/processIdentity.ts';
import { stageRuntime } from '../node/runtimeFolder.ts';
import type { HelperHello } from '../protocol/helperRpc.ts';
import type { HelperConnection } from './helperConnection.ts';
import { HelperReach } from './helperReach.ts';
import { announceSuccessor, findSuccessor, isOutdated } from './helperUpgrade.ts';

/** How long a helper may take from its start to its first answer; milliseconds. */
const defaultStartDeadline = 20_000;

/** How long to wait for somebody else's helper before another is started; milliseconds. */
const restartInterval = 500;

/** How long a helper that was told to end gets before it is killed; milliseconds. */
const endDeadline = 2_000;

/** V8 settings that keep a mostly idle program small. */
const helperFlags = ['--max-semi-space-size=1', '--v8-pool-size=1'];

export interface HelperLauncherOptions {
  machine: Machine;
  key: string;
  /** The folder of the built programs. */
  dist: string;
  client: HelperHello['client'];
  /** How long a helper may take from its start to its first answer; milliseconds. */
  startDeadline?: number;
  /** How long a helper may take to answer what it can answer at once; milliseconds. */
  answerDeadline?: number;
  /** Further variables for a helper that is started. */
  environment?: () => Record<string, string>;
}

/** Finds the repository's helper, or starts it. Any number may try at once: one helper comes of it. */
export class HelperLauncher {
  readonly #options: HelperLauncherOptions;
  readonly #places: RepositoryPlaces;
  readonly #reach: HelperReach;
  readonly #startDeadline: number;

  constructor(options: HelperLauncherOptions) {
    this.#options = options;
    this.#startDeadline = options.startDeadline ?? defaultStartDeadline;
    this.#places = repositoryPlaces(options.machine, options.key);
    const { client, answerDeadline } = options;
    this.#reach = new HelperReach({ places: this.#places, client, answerDeadline });
  }

  /** A connection to the helper that runs; undefined where none does. An older or a silent one is replaced first. */
  async tryConnect(): Promise<HelperConnection | undefined> {
    const { connection, silent } = await this.#reach.find();
    if (silent) return this.#newest(await this.#startUntilFound(silent));
    return connection && this.#newest(connection);
  }

  /**
   * An older helper is replaced first, and so is one that lives but does not answer; it is not killed for that.
   *
   * @throws {HoldfastError} `HELPER_START_FAILED`, with the log's path in `data.log`.
   */
  async connectOrStart(): Promise<HelperConnection> {
    return this.#newest(await this.#connectOrStart());
  }

  /**
   * Ends a helper that is older than our own programs and starts ours, which adopts the sessions. That is tried
   * once, so that two versions can never go on replacing each other.
   */
  async #newest(connection: HelperConnection): Promise<HelperConnection> {
    const { dist } = this.#options;
    if (!(await isOutdated(connection.version, dist))) return connection;
    try {
      await announceSuccessor(this.#places.helperFile, await stageRuntime(dist, this.#places.stateFolder));
      await connection.shutdown();
    } catch {
      // The older one is as good as before.
      if (connection.isOpen) return connection;
    }
    return this.#connectOrStart();
  }

  async #connectOrStart(): Promise<HelperConnection> {
    const { connection, silent } = await this.#reach.find();
    return connection ?? this.#startUntilFound(silent);
  }

  /** Starts a helper, in the place of one that is silent where there is one, as often as it takes until one is found. */
  async #startUntilFound(former: LockOwner | undefined): Promise<HelperConnection> {
    const deadline = performance.now() + this.#startDeadline;
    let silent = former;
    let nextStart = 0;
    for (const pause of backoff({ initial: 10, max: 200 })) {
      if (performance.now() >= nextStart) {
        await this.#start(silent);
        await this.#requireOwnMachine();
        // Another starter's helper may be on its way to its socket, or one that is ending may hold the lock still.
        nextStart = performance.now() + restartInterval;
      } else {
        await delay(pause);
      }
      const found = await this.#reach.find();
      if (found.connection) return found.connection;
      if (performance.now() > deadline) break;
      silent = found.silent;
    }
    const owner = await readLock(this.#places.helperLock);
    throw this.#startFailed('does not answer', owner && `${this.#describe(owner)} End that process if it hangs.`);
  }

  /** A helper of another machine is never reached from here, and nobody here can tell whether it still lives. */
  async #requireOwnMachine(): Promise<void> {
    const owner = await readLock(this.#places.helperLock);
    if (!owner || (await canBeJudged(owner))) return;
    throw this.#startFailed(
      `seems to run on another machine or in another container, ${owner.host}`,
      `${this.#describe(owner)} If that is but a former name of this one, or a container that has ended, delete the file and try again.`,
    );
  }

  #describe(owner: LockOwner): string {
    return describeOwner(this.#places.helperLock, owner);
  }

  /** Ends the helper that runs: by asking, or where it does not answer, by its pid. Sessions' hosts run on. */
  async end(): Promise<void> {
    try {
      await (await this.#reach.greet())?.shutdown();
    } catch {
      await this.#endUnasked();
    }
  }

  async #endUnasked(): Promise<void> {
    const owner = await readLock(this.#places.helperLock);
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      if (!owner || (await liveness(owner)) !== 'alive') return;
      process.kill(owner.pid, signal);
      await this.#waitForEnd(owner);
    }
  }

  async #waitForEnd(owner: LockOwner): Promise<void> {
    const deadline = Date.now() + endDeadline;
    for (const pause of backoff({ initial: 10, max: 200 })) {
      if (Date.now() > deadline || (await liveness(owner)) === 'gone') return;
      await delay(pause);
    }
  }

  async #start(former: LockOwner | undefined): Promise<void> {
    const { dist } = this.#options;
    const successor = await findSuccessor(this.#places.helperFile, dist);
    const runtime = successor ?? (await stageRuntime(dist, this.#places.stateFolder));
    const { report } = await startBackground({
      script: path.join(runtime, 'helper.cjs'),
      args: [this.#options.key, ...(former ? [former.nonce] : [])],
      flags: helperFlags,
      logFile: this.#places.helperLog,
      env: this.#options.environment?.() ?? {},
      deadline: this.#startDeadline,
      errorCode: 'HELPER_START_FAILED',
    });
    const { error } = (report ?? {}) as { error?: unknown };
    if (error) throw this.#startFailed(`could not start: ${fromErrorShape(error).text}`);
    if (!report) throw this.#startFailed('ended at once');
  }

  #startFailed(what: string, advice?: string): HoldfastError {
    const log = this.#places.helperLog;
    return new HoldfastError('HELPER_START_FAILED', `The Holdfast helper ${what}.`, {
      advice: [advice, `Its log is ${log}.`].filter(Boolean).join(' '),
      data: { log },
    });
  }
}
